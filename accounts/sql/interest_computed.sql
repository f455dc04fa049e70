-- What a year's interest run rests on, from transfers alone: of every personal account what there was at New Year,
-- and what came and was taken on each day of the year, in 分, with what the run paid. Equal lives together.
with own as (
    select min(id) as first_id from accounts_transfer where run_id = %(run)s and kind = 'interest'
),
before as not materialized (
    select transfer.*, @accounts/transfer_day as day, (amount * 100)::bigint as fen
    from accounts_transfer transfer
    where month <= %(december)s and id < (select first_id from own)
),
side as (
    select credit_id as account_id, day, fen, case when kind in ('reversal', 'refund') then -fen else 0 end as spent
    from before
    union all
    select debit_id, day, -fen, case when kind = 'reversal' then 0 else fen end
    from before
),
of_day as (
    select account_id, greatest(day, %(new_year)s - 1) as day, sum(fen)::bigint as amount, sum(spent)::bigint as spent
    from side
    group by account_id, greatest(day, %(new_year)s - 1)
),
life as (
    select
        account_id, array_agg(day order by day) as days, array_agg(amount order by day) as amounts,
        array_agg(spent order by day) as spents
    from of_day
    group by account_id
),
-- Interest to the day was paid when an account was closed; what was undone before the run does not count.
closed as (
    select paid.credit_id as account_id, max(@accounts/transfer_day) as day
    from accounts_transfer paid
    where kind = 'closing_interest' and month >= %(new_year)s and id < (select first_id from own) and not exists (
        select from accounts_transfer back where back.reverses_id = paid.id and back.id < (select first_id from own)
    )
    group by paid.credit_id
),
-- Nothing was paid to an account closed at the time: what closed it moved money before the run, what undid that
-- after it. A closing that moved none has left no time.
acted as (
    select voucher.source_id as application_id, min(transfer.id) as first_id
    from accounts_voucher voucher
    join accounts_transfer transfer on transfer.voucher_id = voucher.id
    where voucher.source = 'accounts.application'
    group by voucher.source_id
),
shut as (
    select done.account_id
    from accounts_application done
    left join accounts_application undoing on undoing.reverses_id = done.id and undoing.state = 'done'
    left join acted on acted.application_id = done.id
    left join acted opened on opened.application_id = undoing.id
    cross join own
    where done.closes and done.state in ('done', 'undone')
        and coalesce(acted.first_id < own.first_id, true) and coalesce(opened.first_id > own.first_id, true)
),
line as (
    select id, credit_id, amount from accounts_runline where run_id = %(run)s and kind = 'interest'
)
select
    life.days, life.amounts, life.spents, closed.day, coalesce(line.amount, 0), min(account.id), min(line.id)
from accounts_account account
join life on life.account_id = account.id
left join closed on closed.account_id = account.id
left join line on line.credit_id = account.id
where account.kind = 'person' and account.scheme = %(scheme)s
    and (line.id is not null or account.id not in (select account_id from shut))
group by life.days, life.amounts, life.spents, closed.day, coalesce(line.amount, 0)
