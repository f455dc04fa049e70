-- New choices, ordered as their index is.
insert into insured_selection (person_id, facility_id, slot, first_month, last_month, kind, reason)
select person_id, facility_id, slot, first_month, last_month, kind, coalesce(reason, '')
from accepted
where same_id is null
order by person_id, first_month
