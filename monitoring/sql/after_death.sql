-- Visit after death: on a day after that of the person's death. On the day itself there may have been one.
select
    facility_id, concat_ws('|', facility_id, person_id) as key, array_agg(visits.id) as visits,
    jsonb_build_object('visits', count(*), 'died_on', person.died_on) as found
from visits
join insured_person person on person.id = visits.person_id and person.died_on < visits.day
group by facility_id, person_id, person.died_on
