-- The credit roll of a run, by county and person.
select
    person.person_number, person.name, person.document_index, person.document_sealed, line.status, line.base, line.standard, line.amount,
    county.name
from accounts_runline line
join accounts_account account on account.id = line.credit_id
join insured_person person on person.id = account.person_id
left join office_county county on county.id = line.county_id
where line.run_id = %(run)s
order by county.code, person.id
