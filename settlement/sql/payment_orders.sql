-- Orders for all that is owed of a month and source, one for each document and its payees. What the ledger has
-- taken back since, and what the payee owes, is taken off the payee's orders one after the other.
with owed as materialized ({payable}),
document as materialized (
    select
        account_id, account_kind, run_id, voucher_id, share_id, payee_kind, facility_id, person_id, county_id,
        sum(amount) as owed
    from owed
    where scheme = %(scheme)s and month = %(month)s and source = %(source)s
    group by account_id, account_kind, run_id, voucher_id, share_id, payee_kind, facility_id, person_id, county_id
),
-- Of each account: what is missing for all that is owed from it and not paid yet.
missing as materialized (
    select
        account.id as account_id,
        case when account.kind = 'moving' then 0 else greatest(0,
            named.owed + coalesce(live.due, 0) - account.balance
        ) end as amount,
        greatest(0, -coalesce(receivable.balance, 0) - coalesce(promised.amount, 0)) as receivable
    from (
        select account_id, sum(amount) as owed
        from owed
        where account_id in (select account_id from document)
        group by account_id
    ) named
    join accounts_account account on account.id = named.account_id
    left join lateral (
        select sum(amount + case when recovery_id is null then recovered else 0 end) as due
        from settlement_paymentorder
        where account_id = account.id and state not in ('paid', 'reissued', 'withdrawn')
    ) live on true
    left join accounts_account receivable
        on receivable.kind = 'receivable' and receivable.scheme = account.scheme
        and (receivable.facility_id = account.facility_id or receivable.person_id = account.person_id)
    left join lateral (
        select sum(recovered) as amount
        from settlement_paymentorder
        where account_id = account.id and recovery_id is null and state not in ('paid', 'reissued', 'withdrawn')
    ) promised on true
),
cut as materialized (
    select
        document.*, missing.receivable,
        least(owed, greatest(0, missing.amount - coalesce(sum(owed) over earlier, 0))) as withheld
    from document
    join missing using (account_id)
    window earlier as (
        partition by account_id order by run_id, voucher_id, share_id rows between unbounded preceding and 1 preceding
    )
),
offset_too as (
    select
        cut.*,
        least(owed - withheld, greatest(0, receivable - coalesce(sum(owed - withheld) over earlier, 0)))
            as recovered
    from cut
    window earlier as (
        partition by account_id order by run_id, voucher_id, share_id rows between unbounded preceding and 1 preceding
    )
),
made as (
    insert into settlement_paymentorder (
        scheme, month, source, state, account_id, run_id, voucher_id, share_id, payee_kind, facility_id,
        person_id, county_id, payee_name, bank_name, owed, withheld, recovered, amount, purpose, made_by_id, made_at, reason
    )
    select
        %(scheme)s, %(month)s, %(source)s, 'untouched', account_id, run_id, voucher_id, share_id, payee_kind, facility_id,
        person_id, county_id, '', '', owed, withheld, recovered, owed - withheld - recovered, %(purpose)s,
        %(by)s, now(), ''
    from offset_too
    order by account_id, run_id, voucher_id, share_id
    returning id, account_id, run_id, voucher_id, share_id
),
items as (
    insert into settlement_paymentitem (order_id, transfer_id, live)
    select made.id, owed.transfer_id, true
    from made
    join owed
        on owed.account_id = made.account_id and owed.run_id is not distinct from made.run_id
        and owed.voucher_id is not distinct from made.voucher_id
        and owed.share_id is not distinct from made.share_id
    where owed.scheme = %(scheme)s and owed.month = %(month)s and owed.source = %(source)s
)
select id from made
