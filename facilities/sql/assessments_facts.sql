-- What each row of a file of points meets: the facility, the item, and what was entered before.
create temporary table facts on commit drop as
with twice as (
    select facility_code, year, item_number, min(number) || ', ' || max(number) as rows
    from typed
    where facility_code is not null and year is not null and item_number is not null
    group by facility_code, year, item_number
    having count(*) > 1
)
select
    line.*, facility.id as facility_id, facility.county_id as facility_county_id, county.code as county_code,
    twice.rows as repeated, item.id as item_id, item.most, assessment.signed_at, entered.score as old_score,
    (select uploaded_by_id from office_importfile where id = %(import)s) as entered_by_id,
    entered.id is null as is_new, null::text as key, null::text as relies_on
from typed line
left join twice
    on twice.facility_code = line.facility_code and twice.year = line.year and twice.item_number = line.item_number
left join facilities_facility facility on facility.code = line.facility_code
left join office_county county on county.id = facility.county_id
left join facilities_assessmentitem item on item.year = line.year and item.number = line.item_number
left join facilities_assessment assessment on assessment.facility_id = facility.id and assessment.year = line.year
left join facilities_assessmentscore entered
    on entered.assessment_id = assessment.id and entered.item_id = item.id
