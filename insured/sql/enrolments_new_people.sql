-- People who are not on record yet, in the order of their numbers so that two writers cannot lock crosswise.
insert into insured_person (document_type, document_number, name, person_number, birth_date, sex, phone, county_id)
select distinct on (document_number, document_type)
    document_type, document_number, name, new_person_number, birth_date, sex, new_phone, county_id
from accepted
where person_id is null
order by document_number, document_type, first_month desc
