-- When who died did.
update insured_person person
set died_on = day
from accepted
where person.id = accepted.person_id and kind = 'died'
