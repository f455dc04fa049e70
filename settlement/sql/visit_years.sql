-- The people of a chunk's visits, and the years in which these count.
select distinct
    visit.person_id, visit.scheme,
    date_part('year', coalesce(original.at, visit.at) at time zone 'Asia/Shanghai')::smallint as year
from unnest(%(visits)s::int8multirange) as stretch (numbers)
-- By their indexes, however few rows the planner expects of the whole table.
cross join lateral (
    select person_id, scheme, at, reverses_id from settlement_visit
    where id >= lower(stretch.numbers) and id < upper(stretch.numbers)
    offset 0
) visit
left join lateral (
    select at from settlement_visit where visit.reverses_id is not null and id = visit.reverses_id offset 0
) original on true
