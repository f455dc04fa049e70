-- Accounts whose balance is not what their transfers add up to, or that are not what their transfers took them for.
with movements as (
    select
        side.account_id, sum(side.amount) as amount, min(side.scheme) as scheme, max(side.scheme) as other_scheme,
        bool_or(side.kind = 'credit' and side.amount > 0) as credited,
        bool_or(side.kind = 'credit' and side.amount < 0) as credits,
        min(side.created_at) as first_at
    from (
        select
            coalesce(run.scheme, voucher.scheme) as scheme, transfer.kind, transfer.created_at,
            case side when 1 then transfer.credit_id else transfer.debit_id end as account_id,
            side * transfer.amount as amount
        from accounts_transfer transfer
        left join office_run run on run.id = transfer.run_id
        left join accounts_voucher voucher on voucher.id = transfer.voucher_id
        cross join (values (1), (-1)) as sides (side)
    ) as side
    group by side.account_id
)
select
    'account ' || coalesce(account.id, movements.account_id) || ' (' || coalesce(account.kind, 'unknown') || '): '
    || case
        when account.id is null or account.balance <> coalesce(movements.amount, 0) then 'balance '
            || coalesce(account.balance::text, 'none') || ', transfers give ' || coalesce(movements.amount, 0)
        when account.scheme <> movements.scheme or account.scheme <> movements.other_scheme then 'of another scheme than its transfers'
        when account.opened_on > (movements.first_at at time zone 'Asia/Shanghai')::date then 'opened after its first transfer'
        else 'monthly credits are of another kind of account'
    end
from accounts_account account
full join movements on movements.account_id = account.id
where account.id is null or account.balance <> coalesce(movements.amount, 0)
    or account.scheme <> movements.scheme or account.scheme <> movements.other_scheme
    or account.opened_on > (movements.first_at at time zone 'Asia/Shanghai')::date
    or movements.credited and account.kind <> 'person'
    or movements.credits and account.kind not in ('pool', 'contribution')
order by coalesce(account.id, movements.account_id)
limit 1
