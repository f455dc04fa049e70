-- What each row of a file of selections meets: person, facility, choices on record, and other rows of the file.
create temporary table facts on commit drop as
with ruled as materialized (
    select *
    from jsonb_to_recordset(%(rules)s::jsonb) as rule
        (scheme text, station_slot text, levels text[], outside boolean, "window" int[], articles jsonb)
),
people as materialized (
    select document_index, count(*) as people, min(id) as id, min(county_id) as county_id
    from insured_person
    where merged_into_id is null and document_index in (select document_index from typed)
    group by document_index
),
known as materialized (
    select
        line.*,
        case when rule.scheme is not null then spell.scheme is not null end as insured, rule.scheme, rule.articles,
        facility.county_id is not null or rule.outside as may_lie_there,
        facility.level = any(rule.levels) as may_be_of_level,
        coalesce(date_part('month', %(today)s::date) between rule.window[1] and rule.window[2], true) as in_window,
        coalesce(person.people, 0) as people, case when person.people = 1 then person.id end as person_id,
        person.county_id as person_county_id,
        facility.id as facility_id, facility.county_id as facility_county_id,
        facility.closed_on as facility_closed_on, county.code as county_code,
        case when facility.kind = 'village_station' then rule.station_slot else 'primary' end as slot
    from typed line
    left join people person on person.document_index = line.document_index
    -- The rules of the scheme in which the person is insured in the month, one at most, or else of the first.
    left join insured_enrolment spell
        on spell.person_id = person.id and spell.first_month <= line.first_month
        and (spell.last_month is null or spell.last_month >= line.first_month)
        and spell.scheme in (select scheme from ruled)
    left join ruled rule on rule.scheme = coalesce(spell.scheme, (select min(scheme) from ruled))
    left join facilities_facility facility on facility.code = line.facility_code
    left join office_county county on county.id = facility.county_id
),
-- Choices of the same person and year follow one another by month.
placed as materialized (
    select
        known.*,
        lag(number) over neighbours as previous_number,
        lag(first_month) over neighbours as previous_month,
        lag(facility_id) over neighbours as previous_facility_id,
        lead(number) over neighbours as next_number,
        lead(first_month) over neighbours as next_month
    from known
    window neighbours as (partition by document_index, slot, year order by first_month, number)
),
met as materialized (
    select
        placed.*,
        same.id as same_id, same.facility_id as same_facility_id, same_facility.code as same_code,
        ended.id as ended_id, ended.facility_id as ended_facility_id, ended_facility.code as ended_code
    from placed
    -- The choice on record this row repeats, or else the one it takes over from.
    left join insured_selection same
        on same.person_id = placed.person_id and same.slot = placed.slot and same.first_month = placed.first_month
    left join facilities_facility same_facility on same_facility.id = same.facility_id
    left join insured_selection ended
        on ended.person_id = placed.person_id and ended.slot = placed.slot and placed.kind = 'change'
        and same.id is null
        and ended.first_month < placed.first_month and ended.last_month >= placed.first_month
        and (previous_month is null or previous_month <= ended.first_month)
    left join facilities_facility ended_facility on ended_facility.id = ended.facility_id
),
-- The facilities and months of the file with an agreement: few beside its rows.
contracted as materialized (
    select distinct asked.facility_id, asked.first_month
    from (select distinct facility_id, first_month from met) asked
    join facilities_contracted contracted
        on contracted.facility_id = asked.facility_id and contracted.kind = 'outpatient'
        and contracted.days && month_days(asked.first_month)
)
select
    met.*,
    same_id is null and ended_id is null as is_new,
    document_index::text || ' ' || met.slot || ' ' || year as key,
    document_index::text || ' ' || met.slot || ' ' || year as relies_on,
    case
        when met.first_month = previous_month then previous_number || ', ' || number
        when met.first_month = next_month then number || ', ' || next_number
    end as twice,
    chosen.first_month as chosen_before,
    -- To December, or until the next choice in the file or on record.
    least((next_month - interval '1 month')::date, make_date(year, 12, 1)) as last_month,
    later.first_month as later_choice,
    same_facility_id = met.facility_id as same_as_before,
    -- Until it begins a choice may be made anew.
    coalesce(same_facility_id <> met.facility_id and met.first_month > %(today)s and met.kind <> 'carried', false)
        as replaces,
    -- Not insured before this year.
    year > date_part('year', %(today)s::date) and not exists (
        select from insured_enrolment spell
        where spell.person_id = met.person_id and spell.scheme = met.scheme
            and spell.first_month < date_trunc('year', %(today)s::date)
    ) as new_member,
    contracted.facility_id is not null
        or facility_county_id is null and coalesce(facility_closed_on > met.first_month, true) as has_agreement
from met
left join contracted on contracted.facility_id = met.facility_id and contracted.first_month = met.first_month
left join insured_selection chosen
    on chosen.person_id = met.person_id and chosen.slot = met.slot and chosen.kind <> 'change'
    and date_part('year', chosen.first_month) = met.year
left join lateral (
    select min(choice.first_month) as first_month
    from insured_selection choice
    where met.same_id is null and choice.person_id = met.person_id and choice.slot = met.slot
        and choice.first_month > met.first_month
        and choice.first_month <= least((met.next_month - interval '1 month')::date, make_date(met.year, 12, 1))
) later on true
