-- People on record whose name, number or phone the file changes.
update insured_person person
set name = latest.new_name, person_number = latest.new_person_number,
    phone_index = latest.new_phone_index, phone_sealed = latest.new_phone_sealed
from (
    select distinct on (person_id) person_id, new_name, new_phone_index, new_phone_sealed, new_person_number
    from accepted
    where person_id is not null
        and (old_name, old_phone_index, old_person_number)
            is distinct from (new_name, new_phone_index, new_person_number)
    order by person_id
) latest
where person.id = latest.person_id
