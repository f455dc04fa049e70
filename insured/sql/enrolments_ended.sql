-- Open spells that a row of the file follows end the month before it.
update insured_enrolment spell
set last_month = (accepted.first_month - interval '1 month')::date
from accepted
where spell.id = accepted.ended_id and spell.last_month is null
