-- What a run of credits at once proposes: every month that waits, by the rules of that month; held back with
-- the reason where it cannot be credited.
create temporary table proposed on commit drop as
with term as (
    select *
    from unnest(
        %(term_months)s::date[], %(statuses)s::text[], %(groups)s::text[], %(methods)s::text[],
        %(rates)s::numeric[], %(amounts)s::numeric[], %(parameters)s::text[], %(articles)s::text[]
    ) as term (month, status, retirement_group, method, rate, amount, parameter, article)
),
waiting as (
    select
        lump.person_id, lump.kind, lump.covers, lump.amount as own_amount, coalesce(lump.base, spell.base) as base,
        coalesce(spell.county_id, person.county_id) as county_id, spell.id as spell_id, spell.status,
        person.died_on, account.id as account_id, account.closed_on,
        term.method, term.rate, term.amount, term.parameter,
        stopped.person_id is not null as stopped, coalesce(stopped.article, term.article) as article,
        exists (select from term known where known.month = lump.covers) as in_force
    from accounts_lumpcredit lump
    join insured_person person on person.id = lump.person_id
    left join insured_enrolment spell
        on spell.person_id = lump.person_id and spell.scheme = lump.scheme
        and spell.first_month <= lump.covers and (spell.last_month is null or spell.last_month >= lump.covers)
    left join term
        on term.month = lump.covers and term.status = spell.status
        and (term.retirement_group is null or term.retirement_group = spell.retirement_group)
    left join accounts_account account
        on account.person_id = lump.person_id and account.scheme = lump.scheme and account.kind = 'person'
    left join @accounts/stopped stopped on stopped.person_id = lump.person_id and stopped.month = lump.covers
    where lump.scheme = %(scheme)s and lump.credited_by_id is null and lump.withdrawn_because = ''
),
given as (
    select
        credit.credit_id as account_id, credit.covers, max(credit.attempt) + 1 as attempts,
        bool_or(back.id is null) as stands
    from accounts_transfer credit
    left join accounts_transfer back on back.reverses_id = credit.id and back.reverses_id is not null
    where credit.kind = 'credit' and credit.covers = any(%(term_months)s::date[])
        and credit.credit_id in (select account_id from waiting)
    group by credit.credit_id, credit.covers
),
-- A month told by an adjustment is done as well.
adjusted as (
    select distinct account_id, covers
    from (
        select credit_id as account_id, covers from accounts_transfer
        where kind = 'adjustment' and run_id = any(%(adjusted_by)s::bigint[])
        union all
        select debit_id, covers from accounts_transfer
        where kind = 'adjustment' and run_id = any(%(adjusted_by)s::bigint[])
    ) sides
),
judged as (
    select
        waiting.*, coalesce(given.attempts, 0) as attempts,
        case
            when waiting.kind = 'supplement' then own_amount
            when method = 'flat' then waiting.amount
            when method = 'percent_of_base' then round(base * rate / 100, 2)
        end as credit,
        case
            when waiting.kind <> all(%(kinds)s::text[]) then 'not_at_once'
            when closed_on is not null then 'account_closed'
            when not in_force then 'not_in_force'
            when died_on < waiting.covers then 'died'
            when spell_id is null then 'not_insured'
            when method = 'none' then 'no_account'
            when method is null then 'no_retirement_group'
            when waiting.kind = 'supplement' then ''
            when stopped then 'resettled'
            when given.stands or adjusted.account_id is not null then 'credited_already'
            when method = 'missing' then 'parameter_missing'
            when method = 'percent_of_base' and base is null then 'no_base'
            when method = 'percent_of_base' and round(base * rate / 100, 2) = 0 then 'nothing_to_credit'
            else ''
        end as code
    from waiting
    left join given on given.account_id = waiting.account_id and given.covers = waiting.covers
    left join adjusted on adjusted.account_id = waiting.account_id and adjusted.covers = waiting.covers
)
select
    person_id, covers,
    case when kind <> 'supplement' and status = any(%(pool_funded)s) then 'pool' else 'contribution' end as source,
    case when kind = 'supplement' then kind else 'credit' end as kind,
    credit as amount, case when kind = 'supplement' then 0 else attempts end as attempt,
    county_id, coalesce(status, '') as status, base,
    case
        when kind <> 'supplement' and method = 'flat' then amount::text
        when kind <> 'supplement' and method = 'percent_of_base' then rate || '%%'
        else ''
    end as standard,
    null::numeric as credited, code,
    to_char(covers, 'YYYY-MM') || case when code = 'parameter_missing' then ' · ' || parameter else '' end as detail,
    case when code in ('credited_already', 'not_at_once', 'not_in_force') then '' else coalesce(article, '') end
        as article
from judged
