-- Whose choice of December does not carry over, and why: dead by January, not insured in January, chosen for the
-- new year already, or the facility has no agreement in January or is closed, so that they have to choose anew,
-- perhaps its successor (14, 18).
insert into office_runexception (run_id, code, person_id, facility_id, detail, article)
select
    %(run)s,
    case
        when person.died_on < %(january)s then 'died_before_january'
        when not exists (
            select from insured_enrolment spell
            where spell.person_id = selection.person_id and spell.scheme = %(scheme)s
              and spell.first_month <= %(january)s
              and (spell.last_month is null or spell.last_month >= %(january)s)
        ) then 'not_insured_in_january'
        when proposed.id is not null and facility.closed_on <= %(january)s then 'facility_closed'
        when proposed.id is not null then 'no_agreement'
        else 'chosen_already'
    end as code,
    selection.person_id, selection.facility_id,
    case when proposed.id is not null then coalesce(successor.name || ' (' || successor.code || ')', '') else '' end,
    case when proposed.id is not null then %(agreement)s else %(article)s end
from insured_selection selection
join insured_person person on person.id = selection.person_id
join facilities_facility facility on facility.id = selection.facility_id
left join facilities_facility successor on successor.id = facility.successor_id
left join insured_proposedselection proposed
    on proposed.run_id = %(run)s and proposed.person_id = selection.person_id and proposed.slot = selection.slot
where selection.last_month = %(december)s
  and proposed.agreed is not true
  -- Of this scheme: insured in it in December.
  and exists (
      select from insured_enrolment spell
      where spell.person_id = selection.person_id and spell.scheme = %(scheme)s
        and spell.first_month <= %(december)s
        and (spell.last_month is null or spell.last_month >= %(december)s)
  )
order by code, selection.person_id
