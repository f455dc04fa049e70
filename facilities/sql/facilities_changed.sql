-- Facilities on record as the file says.
update facilities_facility facility
set name = accepted.name, kind = accepted.kind, county_id = accepted.county_id, credit_code = new_credit_code,
    bank_holder = new_bank_holder, bank_name = new_bank_name, bank_account_index = new_account_index,
    bank_account_sealed = new_account_sealed
from accepted
where facility.id = accepted.facility_id
