-- The accounts every scheme has once: pooled fund, contribution income, bank.
insert into accounts_account (kind, scheme, opened_on)
select kind, %(scheme)s, (select agency_today())
from unnest(array['pool', 'contribution', 'bank']) as kind
on conflict do nothing
