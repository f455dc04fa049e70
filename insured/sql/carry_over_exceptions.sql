-- People whose facility has no agreement in January: they have to choose anew.
insert into office_runexception (run_id, code, person_id, facility_id, detail, article)
select run_id, 'no_agreement', person_id, facility_id, '', ''
from insured_proposedselection
where run_id = %(run)s and not agreed
order by person_id
