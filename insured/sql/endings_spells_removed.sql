-- Spells that begin after the last month never came to be.
delete from insured_enrolment spell
using accepted
where spell.person_id = accepted.person_id and spell.first_month > accepted.last_month
