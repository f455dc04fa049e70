-- What the interest paid at each closing rests on, from the transfers before it: what came and was taken on each
-- day, in 分, the year after the last one paid for, and the day to which an earlier closing paid.
with closing as materialized (
    select
        application.id, application.account_id, application.done_on, voucher.scheme, min(transfer.id) as first_id,
        coalesce(sum(transfer.amount) filter (where transfer.kind = 'closing_interest'), 0) as paid,
        (
            select max(approval.at) from accounts_applicationapproval approval
            where approval.application_id = application.id
        ) as signed_at
    from accounts_application application
    join accounts_voucher voucher
        on voucher.source = 'accounts.application' and voucher.source_id = application.id
    join accounts_transfer transfer on transfer.voucher_id = voucher.id
    where application.closes and application.state in ('done', 'undone')
    group by application.id, voucher.scheme
),
side as (
    select
        closing.id, transfer.id as transfer_id, transfer.kind, @accounts/transfer_day as day,
        case when transfer.credit_id = closing.account_id then amount else -amount end * 100 as fen,
        amount * 100 * case
            when transfer.debit_id = closing.account_id then case when kind = 'reversal' then 0 else 1 end
            when kind in ('reversal', 'refund') then -1
            else 0
        end as spent
    from closing
    join accounts_transfer transfer
        on closing.account_id in (transfer.credit_id, transfer.debit_id) and transfer.id < closing.first_id
),
of_day as (
    select id, day, sum(fen)::bigint as amount, sum(spent)::bigint as spent from side group by id, day
),
life as (
    select
        id, array_agg(day order by day) as days, array_agg(amount order by day) as amounts,
        array_agg(spent order by day) as spents
    from of_day
    group by id
),
year as (
    select run.id, run.scheme, run.period, min(transfer.id) as first_id
    from office_run run
    join accounts_transfer transfer on transfer.run_id = run.id
    where run.kind = 'interest' and run.state in ('posted', 'reversed')
    group by run.id
),
given_back as (
    select run.reverses_id as run_id, min(transfer.id) as first_id
    from office_run run
    join accounts_transfer transfer on transfer.run_id = run.id
    where run.reverses_id in (select id from year)
    group by run.reverses_id
)
select
    closing.id, closing.scheme, closing.done_on, closing.signed_at, closing.paid,
    coalesce(life.days, '{}'), coalesce(life.amounts, '{}'), coalesce(life.spents, '{}'),
    (
        select max(year.period) from year
        left join given_back on given_back.run_id = year.id and given_back.first_id < closing.first_id
        where year.scheme = closing.scheme and year.first_id < closing.first_id and given_back.run_id is null
    ),
    (
        select max(earlier.day) from side earlier
        left join accounts_transfer back on back.reverses_id = earlier.transfer_id and back.id < closing.first_id
        where earlier.id = closing.id and earlier.kind = 'closing_interest' and back.id is null
    )
from closing
left join life on life.id = closing.id
order by closing.id
