-- New agreements.
insert into facilities_agreement (facility_id, kind, first_day, last_day, number)
select facility_id, kind, first_day, last_day, new_number
from accepted
where agreement_id is null
order by facility_id, kind, first_day
