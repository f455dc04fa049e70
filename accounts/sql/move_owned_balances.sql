-- Balances of the people's and facilities' accounts that a chunk's transfers touched.
with movements as (
    select account_id, sum(amount) as amount
    from (
        select credit_id as account_id, amount from accounts_transfer where run_id = %(run)s and chunk = %(chunk)s
        union all
        select debit_id, -amount from accounts_transfer where run_id = %(run)s and chunk = %(chunk)s
    ) as sides
    group by account_id
)
update accounts_account account
set balance = account.balance + movements.amount
from movements
where account.id = movements.account_id and (account.person_id is not null or account.facility_id is not null)
