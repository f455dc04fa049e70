-- A month's credit of every personal account: percent of the base, or a flat sum, by status and group.
-- Nobody is credited for a month after the month of death; what cannot be computed becomes an exception.
-- Materialized: what is the same for everybody of a term is worked out once.
with terms as materialized (
    select
        status, retirement_group, method, amount, rate * 0.01 as share,
        case method when 'flat' then amount::text else rate || '%%' end as standard,
        case when status = any(%(pool_funded)s) then %(pool)s else %(contribution)s end as debit_id
    from unnest(
        %(statuses)s::text[], %(groups)s::text[], %(methods)s::text[], %(rates)s::numeric[], %(amounts)s::numeric[]
    ) as term (status, retirement_group, method, rate, amount)
    where method in ('flat', 'percent_of_base')
),
-- Of accounts credited for the month before, by whichever run: how often, and whether that still stands.
given as (
    select credit.credit_id as account_id, max(credit.attempt) + 1 as attempts, bool_or(back.id is null) as stands
    from accounts_transfer credit
    left join accounts_transfer back on back.reverses_id = credit.id and back.reverses_id is not null
    where credit.kind = 'credit' and credit.covers = %(month)s
    group by credit.credit_id
),
credits as (
    select
        spell.person_id,
        spell.status,
        spell.county_id,
        spell.base,
        account.id as account_id,
        coalesce(given.attempts, 0) as attempt,
        case terms.method when 'flat' then terms.amount else round(spell.base * terms.share, 2) end as amount,
        terms.standard,
        terms.debit_id
    from insured_enrolment spell
    join terms on terms.status = spell.status
        and (terms.retirement_group is null or terms.retirement_group = spell.retirement_group)
    join accounts_account account
        on account.person_id = spell.person_id and account.scheme = spell.scheme and account.kind = 'person'
        and account.closed_on is null
    left join given on given.account_id = account.id
    where spell.scheme = %(scheme)s
      and spell.first_month <= %(month)s
      and (spell.last_month is null or spell.last_month >= %(month)s)
      and not exists (
          select from insured_person person where person.id = spell.person_id and person.died_on < %(month)s
      )
      and given.stands is not true
      and not exists (select from @accounts/stopped stopped where stopped.person_id = spell.person_id)
)
insert into accounts_runline
    (run_id, chunk, debit_id, credit_id, amount, kind, covers, attempt, county_id, status, base, standard)
select
    %(run)s, person_id / %(chunk_size)s, debit_id, account_id, amount, 'credit', %(month)s, attempt, county_id, status, base, standard
from credits
where amount > 0
order by person_id
