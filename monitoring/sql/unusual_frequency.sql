-- Unusual frequency: one person at one facility more often in a month than is usual.
select
    facility_id, concat_ws('|', facility_id, person_id, %(month)s::date) as key, array_agg(id) as visits,
    jsonb_build_object('visits', count(*), 'total', (sum(total) / 100.0)::numeric(12, 2)::text) as found
from visits
group by facility_id, person_id
having count(*) > (select figure from monitoring_rulesetting where rule = 'unusual_frequency')
