-- Duplicate visit: one person twice at one facility on one day for the same amount.
select
    facility_id, concat_ws('|', facility_id, person_id, day, total) as key, array_agg(id) as visits,
    jsonb_build_object('visits', count(*), 'total', (total / 100.0)::numeric(12, 2)::text) as found
from visits
group by facility_id, person_id, day, total
having count(*) > 1
