-- The counters of a chunk's people, held in one order until they are written back.
select id, person_id, year, used::text
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
