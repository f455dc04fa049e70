-- The choice of the last month ends with it.
update insured_selection choice
set last_month = accepted.last_month
from accepted
where choice.person_id = accepted.person_id and choice.last_month > accepted.last_month
