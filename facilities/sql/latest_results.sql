-- Each facility's last assessment that is signed off.
select distinct on (facility_id) facility_id, year, score, result
from facilities_assessed
order by facility_id, year desc
