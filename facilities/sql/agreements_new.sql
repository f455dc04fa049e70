-- New agreements, signed.
insert into facilities_agreement (facility_id, kind, first_day, last_day, number, signed_on)
select facility_id, kind, first_day, last_day, new_number, new_signed_on
from accepted
where agreement_id is null
order by facility_id, kind, first_day
