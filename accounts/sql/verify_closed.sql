-- Accounts that are closed without the application that closed them, or the other way round; and what moved on an
-- account after the day of its closing.
with closing as (
    select account_id, max(done_on) as day
    from accounts_application
    where closes and state = 'done'
    group by account_id
),
closed as (
    select id, closed_on from accounts_account where closed_on is not null
),
moved as (
    select transfer.id, closed.id as account_id, closed.closed_on
    from accounts_transfer transfer
    join closed on closed.id = transfer.credit_id
    where (transfer.created_at at time zone 'Asia/Shanghai')::date > closed.closed_on
    union all
    select transfer.id, closed.id, closed.closed_on
    from accounts_transfer transfer
    join closed on closed.id = transfer.debit_id
    where transfer.kind <> 'credit' and (transfer.created_at at time zone 'Asia/Shanghai')::date > closed.closed_on
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
