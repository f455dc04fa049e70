-- Accounts whose balance is not what their transfers add up to, or that are not what their transfers took them for.
with moved as not materialized (
    select
        transfer.debit_id, transfer.credit_id, transfer.amount, transfer.kind = 'credit' as monthly, transfer.created_at,
        coalesce(run.scheme, voucher.scheme) as scheme
    from accounts_transfer transfer
    left join (select id, scheme::int from office_run) run on run.id = transfer.run_id
    left join (select id, scheme::int from accounts_voucher) voucher on voucher.id = transfer.voucher_id
),
-- Credited and debited apart: what the fund's own few accounts are debited fits into a handful of groups.
sides as (
    select
        credit_id as account_id, sum(amount) as amount, min(scheme) as scheme, max(scheme) as other_scheme,
        bool_or(monthly) as credited, false as credits, min(created_at) as first_at
    from moved
    group by credit_id
    union all
    select debit_id, -sum(amount), min(scheme), max(scheme), false, bool_or(monthly), min(created_at)
    from moved
    group by debit_id
),
movements as (
    select
        account_id, sum(amount) as amount, min(scheme) as scheme, max(other_scheme) as other_scheme,
        bool_or(credited) as credited, bool_or(credits) as credits,
        (min(first_at) at time zone 'Asia/Shanghai')::date as first_day
    from sides
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
