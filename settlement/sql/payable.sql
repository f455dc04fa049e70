-- Everything that is owed and stands on no payment order: each transfer with its source, its document and its
-- payee. What was taken back whole is not owed; monthly credits are nobody's to be paid.
select
    transfer.id as transfer_id,
    transfer.amount,
    transfer.month,
    account.id as account_id,
    account.kind as account_kind,
    account.scheme,
    case
        when run.kind = 'prepayment' then '207'
        when transfer.kind = 'deposit' then '203'
        when run.kind = 'year_end' then '204'
        when account.kind = 'moving' then '301'
        when account.kind = 'owed' and transfer.kind = 'reimbursement' then '101'
        when account.kind = 'owed' then '303'  -- an account paid out, or what was still due to a closed one
        else '201'
    end as source,
    run.id as run_id,
    -- Purchases of a month go together; a statement, and whoever is a person, is paid document by document.
    case when account.kind <> 'payable' or transfer.kind = 'settlement' then transfer.voucher_id end as voucher_id,
    share.id as share_id,
    case account.kind when 'payable' then 'facility' when 'owed' then 'person' else 'agency' end as payee_kind,
    facility.id as facility_id,
    person.id as person_id,
    coalesce(facility.county_id, person.county_id) as county_id
from accounts_account account
join accounts_transfer transfer on transfer.credit_id = account.id and transfer.kind <> 'credit'
left join office_run run on run.id = transfer.run_id
-- Money that moves to another area is paid for the person whose account it comes from.
left join accounts_account giver on giver.id = transfer.debit_id and account.kind = 'moving'
-- Of a payout each payee's part is a transfer of its own, in the order of the shares.
left join (
    select part.transfer_id, named.id
    from (
        select
            paid.id as transfer_id, voucher.source_id as application_id,
            row_number() over (partition by paid.voucher_id, paid.kind order by paid.id) as place
        from accounts_voucher voucher
        join accounts_transfer paid on paid.voucher_id = voucher.id and paid.kind in ('payout', 'transfer_out')
        where voucher.source = 'accounts.application'
    ) part
    join (
        select id, application_id, row_number() over (partition by application_id order by id) as place
        from accounts_share
        where amount > 0
    ) named using (application_id, place)
) share on share.transfer_id = transfer.id and account.kind <> 'payable'
left join facilities_facility facility on facility.id = account.facility_id
left join insured_person person on person.id = coalesce(account.person_id, giver.person_id)
where account.kind in ('payable', 'owed', 'moving')
    and transfer.kind not in ('payment', 'reversal')
    and (account.kind <> 'moving' or transfer.kind = 'transfer_out')
    and num_nonnulls(facility.id, person.id) > 0
    and not exists (select from accounts_transfer back where back.reverses_id = transfer.id)
    and not exists (
        select from settlement_paymentitem item where item.transfer_id = transfer.id and item.live
    )
