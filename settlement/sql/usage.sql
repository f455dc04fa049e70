-- The year's usage of each facility, as the file says.
insert into settlement_facilityusage (facility_id, scheme, year, actual)
select facility_id, %(scheme)s, %(year)s, actual
from accepted
order by facility_id
on conflict (facility_id, scheme, year) do update set actual = excluded.actual
