-- Facilities on record as the file says, and the parents of new ones.
update facilities_facility facility
set name = accepted.name, level = accepted.level, kind = accepted.kind, parent_id = parent.id,
    county_id = accepted.county_id, credit_code = new_credit_code, bank_holder = new_bank_holder,
    bank_name = new_bank_name, bank_account_index = new_account_index,
    bank_account_sealed = new_account_sealed
from accepted
left join facilities_facility parent on parent.code = new_parent_code
where facility.code = accepted.code and (accepted.parent_code is not null or accepted.facility_id is not null)
