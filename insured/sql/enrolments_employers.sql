-- Employers that are new or have a new name.
insert into insured_employer (code, name)
select distinct on (employer_code) employer_code, employer_name
from accepted
where employer_code is not null and employer_name is not null and employer_name is distinct from old_employer_name
order by employer_code
on conflict (code) do update set name = excluded.name
