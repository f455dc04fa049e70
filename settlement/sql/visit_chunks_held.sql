-- All visits of a scheme that are on hold and not taken back, in chunks of whole people.
insert into settlement_visitchunk (batch_id, number, visits, rows, totals)
select %(batch)s, chunk, range_agg(int8range(id, id, '[]')), count(*), '{}'
from (
    select id, 1 + (min(place) over (partition by person_id) - 1) / %(size)s as chunk
    from (
        select visit.id, visit.person_id, row_number() over (order by visit.person_id, visit.id) as place
        from settlement_visitoutcome outcome
        join settlement_visit visit on visit.id = outcome.visit_id
        where outcome.state = 'held' and visit.scheme = %(scheme)s and visit.reversed_by_id is null
    ) held
) placed
group by chunk
order by chunk
