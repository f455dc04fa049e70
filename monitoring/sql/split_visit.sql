-- Split visit: so many bills of one person at one facility on one day that they look like one visit divided to
-- stay below the limit of each.
select
    facility_id, concat_ws('|', facility_id, person_id, day) as key, array_agg(id) as visits,
    jsonb_build_object('visits', count(*), 'total', (sum(total) / 100.0)::numeric(12, 2)::text) as found
from visits
group by facility_id, person_id, day
having count(*) >= (select figure from monitoring_rulesetting where rule = 'split_visit')
