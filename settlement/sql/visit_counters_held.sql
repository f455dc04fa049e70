-- The counters of a chunk's people, held in one order until they are written back.
with wanted as materialized (
    select distinct visit.person_id, visit.scheme, date_part('year', coalesce(original.at, visit.at) at time zone 'Asia/Shanghai')::smallint as year
    from unnest(%(visits)s::int8multirange) as stretch (numbers)
    cross join lateral (
        select id, person_id, scheme, at, reverses_id from settlement_visit
        where id >= lower(stretch.numbers) and id < upper(stretch.numbers)
        offset 0
    ) visit
    left join settlement_visit original on original.id = visit.reverses_id
)
select accumulator.id, accumulator.person_id, accumulator.year, accumulator.used::text
from wanted
join settlement_accumulator accumulator using (person_id, scheme, year)
order by accumulator.person_id, accumulator.year
for no key update of accumulator
