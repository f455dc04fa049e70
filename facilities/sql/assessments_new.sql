-- Assessments that begin with a row of the file.
insert into facilities_assessment (facility_id, year, remark)
select distinct facility_id, year, ''
from accepted
order by facility_id, year
on conflict (facility_id, year) do nothing
