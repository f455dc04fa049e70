-- The counters of a chunk's people, held in one order until they are written back; with the day of the chunk's
-- first visit in number.
select
    id, person_id, year, used::text,
    (
        select (at at time zone 'Asia/Shanghai')::date from settlement_visit
        where id = lower(%(visits)s::int8multirange)
    )
from settlement_accumulator
where id = any (array(
    select accumulator.id
    from @settlement/visit_years wanted
    cross join lateral (
        select id from settlement_accumulator
        where person_id = wanted.person_id and year = wanted.year and scheme = wanted.scheme
        offset 0
    ) accumulator
))
order by person_id, year
for no key update
