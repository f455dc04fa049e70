-- An account for everybody who is to be credited and has none yet.
insert into accounts_account (kind, scheme, person_id, opened_on)
select distinct 'person', %(scheme)s, person_id, (select agency_today())
from proposed
where code = '' and amount > 0
order by person_id
on conflict do nothing
