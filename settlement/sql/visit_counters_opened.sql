-- A row of counters for each person and year of a chunk's visits, where it is missing; what is taken back counts in
-- the year of the visit it takes back.
insert into settlement_accumulator (person_id, scheme, year, used)
select wanted.person_id, wanted.scheme, wanted.year, '{}'::jsonb
from @settlement/visit_years wanted
left join lateral (
    select true as here from settlement_accumulator
    where person_id = wanted.person_id and year = wanted.year and scheme = wanted.scheme
    offset 0
) accumulator on true
where accumulator.here is null
order by 1, 3
on conflict do nothing
