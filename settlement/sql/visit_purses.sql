-- The personal accounts with money of people and of who grants them use, on which days: own first, then the oldest
-- grant.
select person, account, relation, first_day::text, last_day::text
from (
    select account.person_id as person, account.id as account, 'self' as relation, null::date as first_day, null::date as last_day, 0 as place
    from accounts_account account
    where account.kind = 'person' and account.scheme = %(scheme)s and account.person_id = any (%(people)s::bigint[])
      and account.balance > 0
    union all
    select link.relative_id, account.id, link.relation, link.first_day, coalesce(link.last_day, '9999-12-31'), link.id
    from insured_familylink link
    join insured_person holder on holder.id = link.person_id and holder.died_on is null
    join accounts_account account
        on account.person_id = link.person_id and account.kind = 'person' and account.scheme = %(scheme)s
    where link.relative_id = any (%(people)s::bigint[]) and account.balance > 0
) purse
order by person, place
