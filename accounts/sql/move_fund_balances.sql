-- The balances of the fund's own accounts after a chunk.
update accounts_account account
set balance = account.balance + movement.amount
from unnest(%(accounts)s::bigint[], %(amounts)s::numeric[]) as movement (account_id, amount)
where account.id = movement.account_id and num_nulls(account.person_id, account.facility_id, account.employer_id) = 3
