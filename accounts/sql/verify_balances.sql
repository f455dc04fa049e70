-- Accounts whose balance is not what their transfers add up to, or that are not what their transfers took them for.
with moved as not materialized (
    select
        transfer.debit_id, transfer.credit_id, transfer.amount, transfer.kind = 'credit' as monthly, transfer.created_at,
        coalesce(run.scheme, voucher.scheme)::int as scheme
    from accounts_transfer transfer
    left join office_run run on run.id = transfer.run_id
    left join accounts_voucher voucher on voucher.id = transfer.voucher_id
),
movements as (
    select
        account_id, sum(amount) as amount, min(scheme) as scheme, max(scheme) as other_scheme,
        bool_or(monthly and amount > 0) as credited, bool_or(monthly and amount < 0) as credits,
        (min(created_at) at time zone 'Asia/Shanghai')::date as first_day
    from (
        select credit_id as account_id, amount, monthly, created_at, scheme from moved
        union all
        select debit_id, -amount, monthly, created_at, scheme from moved
    ) as sides
    group by account_id
)
select
    'account ' || coalesce(account.id, movements.account_id) || ' (' || coalesce(account.kind, 'unknown') || '): '
    || case
        when account.id is null or account.balance <> coalesce(movements.amount, 0) then 'balance '
            || coalesce(account.balance::text, 'none') || ', transfers give ' || coalesce(movements.amount, 0)
        when account.scheme::int <> movements.scheme or account.scheme::int <> movements.other_scheme
            then 'of another scheme than its transfers'
        when account.opened_on > movements.first_day then 'opened after its first transfer'
        else 'monthly credits are of another kind of account'
    end
from accounts_account account
full join movements on movements.account_id = account.id
where account.id is null or account.balance <> coalesce(movements.amount, 0)
    or account.scheme::int <> movements.scheme or account.scheme::int <> movements.other_scheme
    or account.opened_on > movements.first_day
    or movements.credited and account.kind <> 'person'
    or movements.credits and account.kind not in ('pool', 'contribution')
order by coalesce(account.id, movements.account_id)
limit 1
