-- New facilities; their parents follow when all are there.
insert into facilities_facility
    (code, name, level, kind, office, county_id, credit_code, bank_holder, bank_name,
    bank_account_index, bank_account_sealed)
select
    code, name, level, kind, new_office, county_id, new_credit_code, new_bank_holder, new_bank_name,
    new_account_index, new_account_sealed
from accepted
where facility_id is null and kind <> 'village_station'
order by code
