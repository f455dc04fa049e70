-- What was credited for the months given and what the rules give for them now, of each person where the two
-- differ, by the account of the fund that it came or should have come from. The rule is that of `credit_lines`,
-- by the spells as they are now.
with month as (
    select unnest(%(months)s::date[]) as month
),
term as (
    select *
    from unnest(
        %(term_months)s::date[], %(statuses)s::text[], %(groups)s::text[], %(methods)s::text[],
        %(rates)s::numeric[], %(amounts)s::numeric[], %(parameters)s::text[], %(articles)s::text[]
    ) as term (month, status, retirement_group, method, rate, amount, parameter, article)
),
account as (
    select id, person_id
    from accounts_account
    where kind = 'person' and scheme = %(scheme)s
        and (%(people)s::bigint[] is null or person_id = any(%(people)s::bigint[]))
),
-- What was settled when an account was closed, or after it with the person or the heirs, stands on a voucher.
counted as (
    select id, person_id
    from accounts_account
    where kind in ('person', 'owed', 'receivable') and scheme = %(scheme)s and person_id is not null
        and (%(people)s::bigint[] is null or person_id = any(%(people)s::bigint[]))
),
-- Credits are found by one look-up for each account and month in the index that keeps them single.
given as (
    select account.person_id, transfer.covers as month, transfer.debit_id as source_id, transfer.amount
    from account
    cross join month
    join accounts_transfer transfer
        on transfer.covers = month.month and transfer.credit_id = account.id and transfer.kind = 'credit'
        and transfer.run_id = any(%(credited_by)s::bigint[])
    union all
    select counted.person_id, transfer.covers, transfer.debit_id, transfer.amount
    from counted
    join accounts_transfer transfer
        on transfer.credit_id = counted.id and transfer.kind = 'adjustment'
        and (transfer.run_id = any(%(adjusted_by)s::bigint[]) or transfer.voucher_id is not null)
        and not exists (select from accounts_transfer back where back.reverses_id = transfer.id)
    union all
    select counted.person_id, transfer.covers, transfer.credit_id, -transfer.amount
    from counted
    join accounts_transfer transfer
        on transfer.debit_id = counted.id and transfer.kind = 'adjustment'
        and (transfer.run_id = any(%(adjusted_by)s::bigint[]) or transfer.voucher_id is not null)
        and not exists (select from accounts_transfer back where back.reverses_id = transfer.id)
),
insured as (
    select
        spell.person_id, month.month, spell.status, spell.county_id, coalesce(paid.base, spell.base) as base,
        case when stopped.person_id is not null then 'none' else term.method end as method, term.rate, term.amount, coalesce(term.parameter, '') as parameter,
        coalesce(term.article, '') as article
    from month
    join insured_enrolment spell
        on spell.first_month <= month.month and (spell.last_month is null or spell.last_month >= month.month)
    join insured_person person on person.id = spell.person_id
    -- A month paid for beforehand or afterwards is credited of the base that was paid for.
    left join accounts_lumpcredit paid
        on paid.person_id = spell.person_id and paid.scheme = spell.scheme and paid.covers = month.month
        and paid.kind <> 'supplement' and paid.credited_by_id = any(%(credited_by)s::bigint[])
    left join term
        on term.month = month.month and term.status = spell.status
        and (term.retirement_group is null or term.retirement_group = spell.retirement_group)
    left join @accounts/stopped stopped on stopped.person_id = spell.person_id and stopped.month = month.month
    where spell.scheme = %(scheme)s
        and (%(people)s::bigint[] is null or spell.person_id = any(%(people)s::bigint[]))
        and (person.died_on is null or person.died_on >= month.month)
        and exists (select from term known where known.month = month.month)
),
due as (
    select
        person_id, month, status, county_id, base, parameter, article,
        case when status = any(%(pool_funded)s) then 'pool' else 'contribution' end as source,
        case when method = 'percent_of_base' then rate || '%%' when method = 'flat' then amount::text else '' end
            as standard,
        case
            when method = 'none' then 0
            when method = 'flat' then amount
            when method = 'percent_of_base' then round(base * rate / 100, 2)
        end as amount,
        case
            when method is null then 'no_retirement_group'
            when method = 'missing' then 'parameter_missing'
            when method = 'percent_of_base' and base is null then 'no_base'
            else ''
        end as held
    from insured
),
compared as (
    select person_id, month, source, sum(credited) as credited, sum(due) as due
    from (
        select given.person_id, given.month, source.kind as source, given.amount as credited, 0 as due
        from given
        join accounts_account source on source.id = given.source_id
        union all
        select person_id, month, source, 0, amount from due where held = ''
    ) sides
    group by person_id, month, source
)
-- What could not be credited then and cannot now is no news.
select
    person_id, compared.month, compared.source, coalesce(due.status, '') as status,
    coalesce(due.county_id, person.county_id) as county_id, due.base, coalesce(due.standard, '') as standard,
    compared.credited, case when coalesce(due.held, '') = '' then compared.due end as due,
    coalesce(due.held, '') as held, coalesce(due.parameter, '') as parameter, coalesce(due.article, '') as article
from compared
left join due using (person_id, month)
join insured_person person on person.id = person_id
where compared.credited <> case when coalesce(due.held, '') = '' then compared.due else 0 end
order by person_id, compared.month, compared.source
