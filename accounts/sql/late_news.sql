-- What was credited for the months given and what the rules give for them now, of each person where the two
-- differ. The rule is that of `credit_lines`, by the spells as they are now.
with month as (
    select * from unnest(%(months)s::date[], %(runs)s::bigint[]) as month (month, run_id)
),
term as (
    select *
    from unnest(
        %(term_months)s::date[], %(statuses)s::text[], %(groups)s::text[], %(methods)s::text[],
        %(rates)s::numeric[], %(amounts)s::numeric[], %(parameters)s::text[]
    ) as term (month, status, retirement_group, method, rate, amount, parameter)
),
-- One look-up for each account and month in the index that keeps credits single.
credited as (
    select account.person_id, transfer.covers as month, sum(transfer.amount) as amount
    from accounts_account account
    join month on month.run_id is not null
    join accounts_transfer transfer
        on transfer.covers = month.month and transfer.credit_id = account.id and transfer.kind = 'credit'
        and transfer.run_id = month.run_id
    where account.kind = 'person' and account.scheme = %(scheme)s
        and (%(people)s::bigint[] is null or account.person_id = any(%(people)s::bigint[]))
    group by account.person_id, transfer.covers
),
insured as (
    select
        spell.person_id, month.month, spell.status, spell.base, term.method, term.rate, term.amount,
        coalesce(term.parameter, '') as parameter
    from month
    join insured_enrolment spell
        on spell.first_month <= month.month and (spell.last_month is null or spell.last_month >= month.month)
    join insured_person person on person.id = spell.person_id
    left join term
        on term.month = month.month and term.status = spell.status
        and (term.retirement_group is null or term.retirement_group = spell.retirement_group)
    where spell.scheme = %(scheme)s
        and (%(people)s::bigint[] is null or spell.person_id = any(%(people)s::bigint[]))
        and (person.died_on is null or person.died_on >= month.month)
        and exists (select from term known where known.month = month.month)
),
due as (
    select
        person_id, month, status,
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
        end as held,
        parameter
    from insured
)
select
    person_id, month, coalesce(due.status, ''), coalesce(credited.amount, 0.00),
    case when due.person_id is null then 0.00 else due.amount end,
    coalesce(due.held, ''), coalesce(due.parameter, '')
from credited
full join due using (person_id, month)
where coalesce(credited.amount, 0) is distinct from case when due.person_id is null then 0 else due.amount end
    -- What could not be credited then and cannot now is no news.
    and not (credited.person_id is null and due.held <> '')
order by person_id, month
