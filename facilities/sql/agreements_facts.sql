-- What each row of a file of agreements meets: the facility, the agreement it corrects, and those it overlaps.
create temporary table facts on commit drop as
with met as materialized (
    select
        line.*, facility.id as facility_id, facility.county_id as facility_county_id, facility.closed_on as facility_closed_on, county.code as county_code,
        same.id as agreement_id, same.last_day as old_last_day, same.number as old_number, same.ended_on,
        same.signed_on as old_signed_on, coalesce(line.signed_on, same.signed_on, least(line.first_day, agency_today())) as new_signed_on,
        lag(line.number) over neighbours as previous_number,
        -- The day up to which any earlier row of the file reaches.
        max(line.last_day) over (neighbours rows between unbounded preceding and 1 preceding) as reached,
        lead(line.number) over neighbours as next_number,
        lead(line.first_day) over neighbours as next_day
    from typed line
    left join facilities_facility facility on facility.code = line.facility_code
    left join office_county county on county.id = facility.county_id
    left join facilities_agreement same
        on same.facility_id = facility.id and same.kind = line.kind and same.first_day = line.first_day
    window neighbours as (
        partition by line.facility_code, line.kind
        order by line.first_day, line.number
    )
),
restated as materialized (select agreement_id from met where agreement_id is not null)
select
    met.*,
    agreement_id is null as is_new,
    null::text as key, null::text as relies_on,
    coalesce(agreement_number, old_number, '') as new_number,
    case
        when facility_code is null then null
        when reached >= met.first_day then previous_number
        when next_day <= met.last_day then next_number
    end as crosses,
    clash.first_day as clash_first, clash.last_day as clash_last
from met
left join lateral (
    select agreement.first_day, least(agreement.last_day, agreement.ended_on) as last_day
    from facilities_agreement agreement
    where agreement.facility_id = met.facility_id and agreement.kind = met.kind
        and agreement.first_day <= met.last_day and least(agreement.last_day, agreement.ended_on) >= met.first_day
        and agreement.id not in (select agreement_id from restated)
    order by agreement.first_day
    limit 1
) clash on true
