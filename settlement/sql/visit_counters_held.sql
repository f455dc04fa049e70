-- The counters of a chunk's people, opened where they are missing and held in one order until they are written back;
-- with how many there are to be, and the day of the chunk's first visit in number. What somebody else opened
-- meanwhile is not among them: to be asked for again.
with wanted as materialized @settlement/visit_years,
known as materialized (
    select wanted.*, accumulator.id
    from wanted
    left join lateral (
        select id from settlement_accumulator
        where person_id = wanted.person_id and year = wanted.year and scheme = wanted.scheme
        offset 0
    ) accumulator on true
),
opened as (
    insert into settlement_accumulator (person_id, scheme, year, used)
    select person_id, scheme, year, '{}'::jsonb from known where id is null
    order by person_id, year
    on conflict do nothing
    returning id, person_id, year, used
),
-- Only when the missing are opened: all who come take both in the same order.
held as (
    select id, person_id, year, used
    from settlement_accumulator
    where id = any (array(select id from known)) and (select count(*) from opened) >= 0
    order by person_id, year
    for no key update
)
select
    counters.id, person_id, year, used::text,
    (select count(*) from wanted),
    (
        select (at at time zone 'Asia/Shanghai')::date from settlement_visit
        where id = lower(%(visits)s::int8multirange)
    )
from (select * from held union all select * from opened) counters
