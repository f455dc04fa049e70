-- Accounts whose balance is not what their transfers add up to.
with movements as (
    select account_id, sum(amount) as amount
    from (
        select credit_id as account_id, amount from accounts_transfer
        union all
        select debit_id, -amount from accounts_transfer
    ) as sides
    group by account_id
)
select
    'account ' || coalesce(account.id, movements.account_id) || ' (' || coalesce(account.kind, 'unknown') || '): balance '
    || coalesce(account.balance::text, 'none') || ', transfers give ' || coalesce(movements.amount, 0)
from accounts_account account
full join movements on movements.account_id = account.id
where account.id is null or account.balance <> coalesce(movements.amount, 0)
order by coalesce(account.id, movements.account_id)
limit 1
