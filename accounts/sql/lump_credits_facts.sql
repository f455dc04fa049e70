-- What each row of a file of credits at once meets: the person, the rules, the same months on record and in the file.
create temporary table facts on commit drop as
with ruled as materialized (
    select * from jsonb_to_recordset(%(rules)s::jsonb) as rule (scheme text, kinds text[])
),
known as materialized (
    select
        line.*,
        coalesce(last_month, first_month) as until,
        case when kind = 'supplement' then 'supplement' else 'credit' end as family,
        exists (select from ruled where ruled.scheme = line.scheme and line.kind = any(ruled.kinds)) as known,
        person.people, case when person.people = 1 then person.id end as person_id, person.county_id,
        county.code as county_code
    from typed line
    left join lateral (
        select count(*) as people, min(id) as id, min(county_id) as county_id
        from insured_person
        where insured_person.document_index = line.document_index and merged_into_id is null
    ) person on true
    left join office_county county on county.id = person.county_id
),
placed as materialized (
    select
        known.*,
        ((date_part('year', until) - date_part('year', first_month)) * 12
            + date_part('month', until) - date_part('month', first_month))::int + 1 as months,
        coalesce(max(until) over (before rows between unbounded preceding and 1 preceding) >= first_month, false)
            or coalesce(min(first_month) over (before rows between 1 following and unbounded following) <= until, false)
            as repeated
    from known
    window before as (partition by document_index, scheme, family order by first_month, number)
)
select
    placed.*,
    document_index::text || ' ' || scheme || ' ' || family as key,
    null::text as relies_on,
    met.first_month as on_record,
    coalesce(met.same and met.months = placed.months, false) as same,
    not coalesce(met.same and met.months = placed.months, false) as is_new
from placed
left join lateral (
    select
        min(lump.covers) as first_month, count(*) as months,
        bool_and(
            lump.kind = placed.kind and lump.base is not distinct from placed.base
            and lump.amount is not distinct from placed.amount
        ) as same
    from accounts_lumpcredit lump
    where lump.person_id = placed.person_id and lump.scheme = placed.scheme
        and lump.covers between placed.first_month and placed.until
        and (lump.kind = 'supplement') = (placed.kind = 'supplement') and lump.withdrawn_because = ''
) met on true
