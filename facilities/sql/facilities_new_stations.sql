-- New village stations, each under its parent.
insert into facilities_facility
    (code, name, level, kind, office, parent_id, county_id, credit_code, bank_holder, bank_name,
    bank_account_index, bank_account_sealed)
select
    station.code, station.name, station.level, station.kind, station.new_office, parent.id, station.county_id,
    station.new_credit_code, station.new_bank_holder, station.new_bank_name,
    station.new_account_index, station.new_account_sealed
from accepted station
join facilities_facility parent on parent.code = station.parent_code
where station.facility_id is null and station.kind = 'village_station'
order by station.code
