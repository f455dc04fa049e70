-- What all personal accounts of a scheme held when a month's books ended: the balances, less what moved later.
with later as (
    select credit_id as account_id, amount from accounts_transfer where month > %(last)s
    union all
    select debit_id, -amount from accounts_transfer where month > %(last)s and kind <> 'credit'
)
select
    coalesce((select sum(balance) from accounts_account where kind = 'person' and scheme = %(scheme)s), 0)
    - coalesce((
        select sum(later.amount) from later
        join accounts_account account on account.id = later.account_id
        where account.kind = 'person' and account.scheme = %(scheme)s
    ), 0)
