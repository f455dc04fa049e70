-- New spells, ordered as their index is.
insert into insured_enrolment
    (person_id, scheme, status, retirement_group, base, employer_id, county_id, first_month, last_month)
select
    person.id, accepted.scheme, accepted.status, accepted.new_retirement_group, accepted.base, employer.id,
    accepted.county_id, accepted.first_month, accepted.ends
from accepted
join insured_person person
    on person.document_index = accepted.document_index and person.document_type = accepted.document_type
left join insured_employer employer on employer.code = accepted.employer_code
where accepted.same_id is null
order by person.id, accepted.scheme, accepted.first_month
