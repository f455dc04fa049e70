-- The sums of the fund from a month on, made anew, and what the ledger holds: one statement, so one moment.
with removed as (
    delete from monitoring_fundsum where month >= %(first)s
),
moved as (
    select
        transfer.month, coalesce(original.kind, transfer.kind) as kind,
        coalesce(original.debit_id, transfer.debit_id) as debit_id,
        coalesce(original.credit_id, transfer.credit_id) as credit_id,
        case when original.id is null then transfer.amount else -transfer.amount end as amount
    from accounts_transfer transfer
    left join accounts_transfer original on original.id = transfer.reverses_id
    where transfer.month >= %(first)s
),
side as (
    select month, kind, true as income, credit_id as account_id, debit_id as other_id, amount from moved
    union all
    select month, kind, false, debit_id, credit_id, amount from moved
),
summed as (
    insert into monitoring_fundsum (scheme, month, fund, income, kind, county_id, level, amount, transfers)
    select
        account.scheme, side.month, case when account.kind = 'person' then 'person' else 'pool' end, side.income,
        side.kind, coalesce(person.county_id, facility.county_id), coalesce(facility.level, ''), sum(side.amount), count(*)
    from side
    join accounts_account account on account.id = side.account_id and account.kind in ('person', 'pool', 'losses')
    join accounts_account other on other.id = side.other_id
    left join insured_person person on person.id = coalesce(account.person_id, other.person_id)
    left join facilities_facility facility on facility.id = other.facility_id
    group by 1, 2, 3, 4, 5, 6, 7
)
insert into monitoring_fundcheck (scheme, fund, balance, open_from, summed_at)
select
    scheme, case when kind = 'person' then 'person' else 'pool' end, sum(balance), %(open_from)s, now()
from accounts_account
where kind in ('person', 'pool', 'losses')
group by 1, 2
on conflict (scheme, fund) do update
set balance = excluded.balance, open_from = excluded.open_from, summed_at = excluded.summed_at
