-- The spell of the last month ends with it.
update insured_enrolment spell
set last_month = accepted.last_month
from accepted
where spell.person_id = accepted.person_id and coalesce(spell.last_month, 'infinity') > accepted.last_month
