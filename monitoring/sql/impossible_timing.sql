-- Impossible timing: one person at two facilities within so few minutes. Medicine is rightly fetched from a
-- pharmacy at once, and midnight is what a file says that knows the day only.
select
    later.facility_id, concat_ws('|', later.facility_id, later.person_id, later.day) as key,
    array_agg(distinct each) as visits,
    jsonb_build_object('minutes', (min(extract(epoch from later.at - later.at_before)) / 60)::integer) as found
from (
    select
        visits.*,
        lag(facility_id) over earlier as facility_before,
        lag(at) over earlier as at_before,
        lag(id) over earlier as before
    from visits
    where category <> 'pharmacy' and (at at time zone 'Asia/Shanghai')::time <> '00:00'
    window earlier as (partition by person_id order by at, id)
) later
cross join unnest(array[later.before, later.id]) each
where later.facility_id <> later.facility_before
  and later.at - later.at_before
      < (select figure from monitoring_rulesetting where rule = 'impossible_timing') * interval '1 minute'
group by later.facility_id, later.person_id, later.day
