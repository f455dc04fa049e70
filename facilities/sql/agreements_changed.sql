-- Agreements that begin on the day of a row of the file end and are numbered as it says.
update facilities_agreement agreement
set last_day = accepted.last_day, number = new_number
from accepted
where agreement.id = accepted.agreement_id
