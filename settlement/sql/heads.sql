-- Heads of a month: who counts at which facility, and where they chose. People whose selection covers it, who are
-- insured and alive on its first day. Village stations count at the parent they have in the month; with two slots
-- a person counts once, the chosen facility first; facilities outside the city and months without an agreement
-- have no heads (12, 14; 9(2)1).
with found as (
    select distinct facility_id, contractor_id
    from facilities_contracted
    where kind = 'outpatient' and days && month_days(%(month)s)
),
-- As a list of which the planner knows nothing: of the query it expects one row, and would look through everybody's
-- selections once for each facility.
contracted as materialized (
    select *
    from jsonb_to_recordset((select jsonb_agg(found) from found)) as contracted (facility_id bigint, contractor_id bigint)
),
chosen as (
    select distinct on (selection.person_id) selection.person_id, selection.facility_id as chosen_id
    from insured_selection selection
    join facilities_facility facility on facility.id = selection.facility_id
    join insured_person person on person.id = selection.person_id
    where selection.first_month <= %(month)s and selection.last_month >= %(month)s
      and facility.county_id is not null
      and (person.died_on is null or person.died_on >= %(month)s)
      and exists (
          select from insured_enrolment spell
          where spell.person_id = selection.person_id and spell.scheme = %(scheme)s
            and spell.first_month <= %(month)s
            and (spell.last_month is null or spell.last_month >= %(month)s)
      )
    order by selection.person_id, selection.slot = 'station'
)
select contracted.contractor_id as facility_id, chosen.chosen_id, chosen.person_id
from chosen
join contracted on contracted.facility_id = chosen.chosen_id
