-- A transfer on an account after it was closed: later than those of the application that closed it.
with closed as (
    select account.id, account.closed_on, application.id as application_id
    from accounts_account account
    left join lateral (
        select id from accounts_application
        where account_id = account.id and closes and state = 'done'
        order by id desc limit 1
    ) application on true
    where account.closed_on is not null
),
last as (
    select closed.id, closed.closed_on, max(transfer.id) as transfer_id
    from closed
    left join accounts_voucher voucher
        on voucher.source = 'accounts.application' and voucher.source_id = closed.application_id
    left join accounts_transfer transfer on transfer.voucher_id = voucher.id
    group by closed.id, closed.closed_on
),
later as (
    select last.id, transfer.id as transfer_id, last.closed_on
    from last
    join accounts_transfer transfer on transfer.credit_id = last.id
    where transfer.id > last.transfer_id
        or last.transfer_id is null and (transfer.created_at at time zone 'Asia/Shanghai')::date > last.closed_on
    union all
    select last.id, transfer.id, last.closed_on
    from last
    join accounts_transfer transfer on transfer.debit_id = last.id
    where transfer.id > last.transfer_id
        or last.transfer_id is null and (transfer.created_at at time zone 'Asia/Shanghai')::date > last.closed_on
)
select 'transfer ' || transfer_id || ': account ' || id || ' was closed on ' || closed_on
from later
order by transfer_id
limit 1
