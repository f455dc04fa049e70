-- Who would count otherwise today than in a headcount: arrived at a facility, or left it. Only people and
-- facilities that whoever asks may see; %(counties)s is null for the whole city.
with mine as (
    select id from facilities_facility
    where %(counties)s::bigint[] is null or county_id = any (%(counties)s::bigint[])
),
frozen as (
    select line.facility_id, unnest(line.people) as person_id
    from settlement_headcountline line
    where line.headcount_id = %(headcount)s
),
today as (
    select facility_id, person_id from ({heads}) head
)
select facility_id, person_id, frozen.person_id is null as arrived
from frozen
full join today using (facility_id, person_id)
where (frozen.person_id is null or today.person_id is null)
  and facility_id in (select id from mine)
  and exists (select from insured_person person where person.id = person_id)
order by facility_id, arrived desc, person_id
