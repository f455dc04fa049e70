-- A personal account for everybody whom the month's terms credit and who has none yet.
with terms as (
    select distinct status
    from unnest(%(statuses)s::text[], %(methods)s::text[]) as term (status, method)
    where method <> 'none'
)
insert into accounts_account (kind, scheme, person_id, opened_on)
select 'person', spell.scheme, spell.person_id, (select agency_today())
from insured_enrolment spell
join terms on terms.status = spell.status
where spell.scheme = %(scheme)s
  and spell.first_month <= %(month)s
  and (spell.last_month is null or spell.last_month >= %(month)s)
  and not exists (
      select from accounts_account account
      where account.person_id = spell.person_id and account.scheme = spell.scheme and account.kind = 'person'
  )
order by spell.person_id
on conflict do nothing
