-- Agreements that begin on the day of a row of the file end, are numbered and signed as it says.
update facilities_agreement agreement
set last_day = accepted.last_day, number = new_number, signed_on = new_signed_on
from accepted
where agreement.id = accepted.agreement_id
