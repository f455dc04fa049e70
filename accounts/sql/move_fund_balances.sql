-- Balances of the fund's own accounts, last: every chunk moves these few, so they are locked the shortest.
with movements as (
    select account_id, sum(amount) as amount
    from (
        select credit_id as account_id, amount from accounts_transfer where run_id = %(run)s and chunk = %(chunk)s
        union all
        select debit_id, -amount from accounts_transfer where run_id = %(run)s and chunk = %(chunk)s
    ) as sides
    group by account_id
),
fund as (
    select account.id, movements.amount
    from accounts_account account
    join movements on movements.account_id = account.id
    where account.person_id is null and account.facility_id is null
    order by account.id
    for no key update of account
)
update accounts_account account
set balance = account.balance + fund.amount
from fund
where account.id = fund.id
