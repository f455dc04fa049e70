-- People whose facility has no agreement in January, or is closed: they have to choose anew, from a closed one
-- perhaps its successor.
insert into office_runexception (run_id, code, person_id, facility_id, detail, article)
select
    run_id, case when facility.closed_on is null then 'no_agreement' else 'facility_closed' end,
    person_id, facility_id, coalesce(successor.name || ' (' || successor.code || ')', ''), ''
from insured_proposedselection proposed
join facilities_facility facility on facility.id = proposed.facility_id
left join facilities_facility successor on successor.id = facility.successor_id
where run_id = %(run)s and not agreed
order by person_id
