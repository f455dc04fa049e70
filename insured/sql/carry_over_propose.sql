-- Whose selection of December carries over: everybody insured and alive in January who has not chosen for the
-- new year. Where the facility has no agreement in January or is closed the selection cannot be carried (14, 18).
insert into insured_proposedselection (run_id, person_id, facility_id, slot, agreed)
select
    %(run)s, selection.person_id, selection.facility_id, selection.slot,
    facility.county_id is null and (facility.closed_on is null or facility.closed_on > %(january)s) or exists (
        select from facilities_contracted contracted
        where contracted.facility_id = facility.id and contracted.kind = 'outpatient'
          and contracted.days && month_days(%(january)s)
    )
from insured_selection selection
join insured_person person on person.id = selection.person_id
join facilities_facility facility on facility.id = selection.facility_id
where selection.last_month = %(december)s
  and (person.died_on is null or person.died_on >= %(january)s)
  and exists (
      select from insured_enrolment spell
      where spell.person_id = selection.person_id and spell.scheme = %(scheme)s
        and spell.first_month <= %(january)s
        and (spell.last_month is null or spell.last_month >= %(january)s)
  )
  and not exists (
      select from insured_selection chosen
      where chosen.person_id = selection.person_id and chosen.slot = selection.slot
        and chosen.first_month between %(january)s and %(january)s::date + interval '11 months'
  )
