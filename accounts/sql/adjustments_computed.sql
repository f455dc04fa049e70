-- Every line of posted adjustment runs: what it says was credited of its month, from the fund's account it names,
-- and what transfers before it give. Transfers have their numbers in the order in which they were posted.
with line as materialized (
    select
        line.id, line.run_id, account.id as account_id, source.id as source_id, source.kind as source, line.covers,
        line.status, line.base, line.standard, line.credited,
        case when line.credit_id = account.id then line.amount else -line.amount end as change,
        posted.id as transfer_id
    from accounts_runline line
    join accounts_account account on account.id in (line.debit_id, line.credit_id) and account.kind = 'person'
    join accounts_account source on source.id in (line.debit_id, line.credit_id) and source.kind <> 'person'
    join accounts_transfer posted on posted.run_id = line.run_id and posted.kind = 'adjustment'
        and (posted.debit_id, posted.credit_id, posted.covers) = (line.debit_id, line.credit_id, line.covers)
    where line.run_id = any(%(runs)s::bigint[]) and line.kind = 'adjustment'
),
given as (
    select line.id, credit.id as transfer_id, credit.amount
    from line
    join accounts_transfer credit
        on credit.covers = line.covers and credit.credit_id = line.account_id and credit.kind = 'credit'
        and credit.debit_id = line.source_id and credit.id < line.transfer_id
    union all
    select line.id, adjusted.id, adjusted.amount
    from line
    join accounts_transfer adjusted
        on adjusted.credit_id = line.account_id and adjusted.kind = 'adjustment' and adjusted.covers = line.covers
        and adjusted.debit_id = line.source_id and adjusted.id < line.transfer_id
    union all
    select line.id, adjusted.id, -adjusted.amount
    from line
    join accounts_transfer adjusted
        on adjusted.debit_id = line.account_id and adjusted.kind = 'adjustment' and adjusted.covers = line.covers
        and adjusted.credit_id = line.source_id and adjusted.id < line.transfer_id
),
standing as (
    select given.id, sum(given.amount) as amount
    from given
    join line on line.id = given.id
    left join accounts_transfer back on back.reverses_id = given.transfer_id and back.id < line.transfer_id
    where back.id is null
    group by given.id
)
select
    line.run_id, line.id, line.covers, line.source, line.status, line.base, line.standard, line.credited,
    coalesce(standing.amount, 0), line.change,
    exists (
        select from insured_filing filing
        join accounts_account own on own.id = line.account_id and own.person_id = filing.person_id
        where filing.kind = 'resettled'
            and daterange(filing.first_day, filing.last_day, '[]')
                && daterange(line.covers, (line.covers + interval '1 month')::date)
    ) as resettled
from line
left join standing on standing.id = line.id
order by line.run_id, line.id
