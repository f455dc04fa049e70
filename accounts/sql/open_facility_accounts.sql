-- Accounts of the given kinds for the given facilities, where they are missing.
insert into accounts_account (kind, scheme, facility_id, opened_on)
select kind, %(scheme)s, facility_id, (select agency_today())
from unnest(%(facilities)s::bigint[]) as facility_id
cross join unnest(%(kinds)s::text[]) as kind
on conflict do nothing
