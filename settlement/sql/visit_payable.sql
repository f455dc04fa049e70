-- The accounts from which facilities are paid.
select facility_id, id
from accounts_account
where facility_id = any (%(facilities)s::bigint[]) and kind = 'payable' and scheme = %(scheme)s
