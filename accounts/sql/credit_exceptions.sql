-- Who is left out of the month's credits and why, and who has become something else since the month before.
with terms as (
    select *
    from unnest(
        %(statuses)s::text[], %(groups)s::text[], %(methods)s::text[], %(rates)s::numeric[],
        %(parameters)s::text[], %(articles)s::text[]
    ) as term (status, retirement_group, method, rate, parameter, article)
),
dead as (
    select id, died_on from insured_person where died_on is not null
),
insured as (
    select spell.person_id, spell.status, spell.base, dead.died_on, terms.method, terms.rate, terms.parameter, account.closed_on,
        stopped.person_id is not null as stopped, coalesce(stopped.article, terms.article) as article
    from insured_enrolment spell
    left join dead on dead.id = spell.person_id
    left join accounts_account account
        on account.person_id = spell.person_id and account.scheme = spell.scheme and account.kind = 'person'
        and account.closed_on is not null
    left join terms on terms.status = spell.status
        and (terms.retirement_group is null or terms.retirement_group = spell.retirement_group)
    left join @accounts/stopped stopped on stopped.person_id = spell.person_id
    where spell.scheme = %(scheme)s
      and spell.first_month <= %(month)s
      and (spell.last_month is null or spell.last_month >= %(month)s)
),
-- Who had an account by the spell that ended with the month before; the base now is compared with that one's.
before as (
    select spell.person_id, spell.status, spell.base, dead.died_on
    from insured_enrolment spell
    left join dead on dead.id = spell.person_id
    where spell.scheme = %(scheme)s
      and spell.last_month = %(month)s::date - interval '1 month'
      and exists (select from terms where terms.status = spell.status and terms.method <> 'none')
),
reasons as (
    select
        person_id,
        case
            when insured.person_id is null and before.died_on is not null then 'died'
            when insured.person_id is null then 'suspended'
            when insured.method = 'none' and before.person_id is not null then 'no_account'
            when insured.method = 'none' then null
            when insured.died_on < %(month)s then 'died'
            when insured.closed_on is not null then 'account_closed'
            when insured.stopped then 'resettled'
            when method is null then 'no_retirement_group'
            when method = 'missing' then 'parameter_missing'
            when method = 'percent_of_base' and insured.base is null then 'no_base'
            when method = 'percent_of_base' and round(insured.base * rate / 100, 2) = 0 then 'nothing_to_credit'
            when insured.status <> before.status then 'status_changed'
            when method = 'percent_of_base' and abs(insured.base - before.base) > %(base_least)s
                and abs(insured.base - before.base) * 100 > %(base_percent)s * before.base then 'base_changed'
        end as code,
        insured.status, insured.base, method, parameter, article,
        before.status as status_before, before.base as base_before
    from insured
    full join before using (person_id)
)
insert into office_runexception (run_id, code, person_id, detail, article)
select
    %(run)s, code, person_id,
    case
        when code = 'parameter_missing' then parameter
        when code in ('no_account', 'status_changed') then status_before || ' → ' || status
        when code = 'base_changed' then base_before || ' → ' || base
        else ''
    end,
    coalesce(article, '')
from reasons
where code is not null
order by person_id
