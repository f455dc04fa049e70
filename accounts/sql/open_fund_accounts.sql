-- The accounts every scheme has once: pooled fund, contribution income, bank.
insert into accounts_account (kind, scheme, opened_on)
select kind, %(scheme)s, (now() at time zone 'Asia/Shanghai')::date
from unnest(array['pool', 'contribution', 'bank']) as kind
on conflict do nothing
