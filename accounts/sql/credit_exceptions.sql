-- Who is insured in the month and not credited though the status has an account, and why.
with terms as (
    select *
    from unnest(
        %(statuses)s::text[], %(groups)s::text[], %(methods)s::text[], %(rates)s::numeric[],
        %(parameters)s::text[], %(articles)s::text[]
    ) as term (status, retirement_group, method, rate, parameter, article)
),
insured as (
    select spell.person_id, spell.status, spell.base, person.died_on, terms.*
    from insured_enrolment spell
    join insured_person person on person.id = spell.person_id
    left join terms on terms.status = spell.status
        and (terms.retirement_group is null or terms.retirement_group = spell.retirement_group)
    where spell.scheme = %(scheme)s
      and spell.first_month <= %(month)s
      and (spell.last_month is null or spell.last_month >= %(month)s)
      and coalesce(terms.method, '') <> 'none'
),
reasons as (
    select
        person_id,
        case
            when died_on < %(month)s then 'died'
            when method is null then 'no_retirement_group'
            when method = 'missing' then 'parameter_missing'
            when method = 'percent_of_base' and base is null then 'no_base'
            when method = 'percent_of_base' and round(base * rate / 100, 2) = 0 then 'nothing_to_credit'
        end as code,
        case when method = 'missing' then parameter else '' end as detail,
        coalesce(article, '') as article
    from insured
)
insert into office_runexception (run_id, code, person_id, detail, article)
select %(run)s, code, person_id, coalesce(detail, ''), article
from reasons
where code is not null
order by person_id
