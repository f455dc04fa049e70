-- The usage of each facility in a month or year, as the file says.
insert into settlement_facilityusage (facility_id, scheme, year, month, actual)
select facility_id, %(scheme)s, %(year)s, month, actual
from accepted
order by facility_id, month
on conflict (facility_id, scheme, year, month) do update set actual = excluded.actual
