-- Choices that are changed end the month before.
update insured_selection choice
set last_month = (accepted.first_month - interval '1 month')::date
from accepted
where choice.id = accepted.ended_id and choice.last_month >= accepted.first_month
