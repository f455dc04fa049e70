-- Choices of facilities for months after the last one.
delete from insured_selection choice
using accepted
where choice.person_id = accepted.person_id and choice.first_month > accepted.last_month
