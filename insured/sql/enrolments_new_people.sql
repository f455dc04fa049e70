-- People who are not on record yet, in the order of their indexes so that two writers cannot lock crosswise.
insert into insured_person
    (document_type, document_index, document_sealed, document_tail_index, name, person_number, birth_date, sex,
    phone_index, phone_sealed, county_id)
select distinct on (document_index, document_type)
    document_type, document_index, document_sealed, document_tail_index, name, new_person_number, birth_date, sex,
    new_phone_index, new_phone_sealed, county_id
from accepted
where person_id is null
order by document_index, document_type, first_month desc
