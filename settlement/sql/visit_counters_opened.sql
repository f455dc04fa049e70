-- A row of counters for each person and year of a chunk's visits, where it is missing; what is taken back counts in
-- the year of the visit it takes back.
insert into settlement_accumulator (person_id, scheme, year, used)
select distinct visit.person_id, visit.scheme, date_part('year', coalesce(original.at, visit.at) at time zone 'Asia/Shanghai'), '{}'::jsonb
from unnest(%(visits)s::int8multirange) as stretch (numbers)
cross join lateral (
    select id, person_id, scheme, at, reverses_id from settlement_visit
    where id >= lower(stretch.numbers) and id < upper(stretch.numbers)
    offset 0
) visit
left join settlement_visit original on original.id = visit.reverses_id
order by 1, 3
on conflict do nothing
