-- Transfers in another month's books than their run's or voucher's, or in a month's books after they were closed.
with last_word as (
    select distinct on (month) month, act, at from office_periodevent order by month, id desc
),
closed as (
    select month, at from last_word where act = 'close'
)
select 'transfer ' || transfer.id || ' of ' || to_char(transfer.month, 'YYYY-MM') || ': '
    || case
        when closed.month is not null then 'posted after its month was closed'
        when run.id is not null then 'run ' || run.id || ' is booked in ' || coalesce(to_char(run.booked_in, 'YYYY-MM'), 'no month')
        else 'voucher ' || voucher.id || ' is booked in ' || to_char(voucher.month, 'YYYY-MM')
    end
from accounts_transfer transfer
left join office_run run on run.id = transfer.run_id
left join accounts_voucher voucher on voucher.id = transfer.voucher_id
left join closed on closed.month = transfer.month and closed.at < transfer.created_at
where closed.month is not null or coalesce(run.booked_in, voucher.month) <> transfer.month
    or run.id is not null and run.booked_in is null
order by transfer.id
limit 1
