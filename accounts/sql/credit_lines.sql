-- A month's credit of every personal account: percent of the base, or a flat sum, by status and group.
-- Nobody is credited for a month after the month of death; what cannot be computed becomes an exception.
with terms as (
    select *
    from unnest(
        %(statuses)s::text[], %(groups)s::text[], %(methods)s::text[], %(rates)s::numeric[], %(amounts)s::numeric[]
    ) as term (status, retirement_group, method, rate, amount)
),
credits as (
    select
        spell.person_id,
        spell.status,
        spell.county_id,
        spell.base,
        account.id as account_id,
        case terms.method
            when 'flat' then terms.amount
            when 'percent_of_base' then round(spell.base * terms.rate / 100, 2)
        end as amount,
        case terms.method
            when 'flat' then terms.amount::text
            when 'percent_of_base' then terms.rate || '%%'
        end as standard
    from insured_enrolment spell
    join terms on terms.status = spell.status
        and (terms.retirement_group is null or terms.retirement_group = spell.retirement_group)
    join insured_person person on person.id = spell.person_id
    join accounts_account account
        on account.person_id = spell.person_id and account.scheme = spell.scheme and account.kind = 'person'
    where spell.scheme = %(scheme)s
      and spell.first_month <= %(month)s
      and (spell.last_month is null or spell.last_month >= %(month)s)
      and (person.died_on is null or person.died_on >= %(month)s)
)
insert into accounts_runline
    (run_id, chunk, debit_id, credit_id, amount, kind, covers, county_id, status, base, standard)
select
    %(run)s, person_id / %(chunk_size)s, case when status = any(%(pool_funded)s) then %(pool)s else %(contribution)s end,
    account_id, amount, 'credit', %(month)s, county_id, status, base, standard
from credits
where amount > 0
order by person_id
