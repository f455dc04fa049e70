-- Accounts that are closed without the application that closed them, or the other way round; and what moved on an
-- account after its closing: later than the transfers of that application.
with closing as (
    select distinct on (account_id) account_id, id, done_on as day
    from accounts_application
    where closes and state = 'done'
    order by account_id, id desc
),
closed as (
    select id, closed_on from accounts_account where closed_on is not null
),
last as (
    select closed.id, closed.closed_on, max(transfer.id) as transfer_id
    from closed
    left join closing on closing.account_id = closed.id
    left join accounts_voucher voucher
        on voucher.source = 'accounts.application' and voucher.source_id = closing.id
    left join accounts_transfer transfer on transfer.voucher_id = voucher.id
    group by closed.id, closed.closed_on
),
sides as (
    select transfer.id, transfer.created_at, closed.id as account_id
    from accounts_transfer transfer
    join closed on closed.id = transfer.credit_id
    union all
    select transfer.id, transfer.created_at, closed.id
    from accounts_transfer transfer
    join closed on closed.id = transfer.debit_id
),
moved as (
    select sides.id, last.id as account_id, last.closed_on
    from sides
    join last on last.id = sides.account_id
    where sides.id > last.transfer_id
        or last.transfer_id is null and (sides.created_at at time zone 'Asia/Shanghai')::date > last.closed_on
),
wrong as (
    select
        1 as rank, coalesce(closed.id, closing.account_id) as number,
        'account ' || coalesce(closed.id, closing.account_id) || ': closed on ' || coalesce(closed.closed_on::text, 'no day')
        || ', by its application on ' || coalesce(closing.day::text, 'no day') as text
    from closed
    full join closing on closing.account_id = closed.id
    where closed.closed_on is distinct from closing.day
    union all
    select 2, id, 'transfer ' || id || ': account ' || account_id || ' was closed on ' || closed_on from moved
)
select text from wrong order by rank, number limit 1
