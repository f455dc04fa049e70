-- First selections of the year that come with an enrolment: to December.
insert into insured_selection (person_id, facility_id, slot, first_month, last_month, kind, reason)
select distinct
    person.id, accepted.facility_id, accepted.slot, accepted.selection_month,
    make_date(accepted.selection_year::int, 12, 1), 'first', ''
from accepted
join insured_person person
    on person.document_index = accepted.document_index and person.document_type = accepted.document_type
where accepted.facility_id is not null and accepted.chosen_id is null
