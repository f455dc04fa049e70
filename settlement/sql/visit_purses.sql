-- The personal accounts with money of people and of who grants them use, on which days: own first, then the oldest
-- grant; with their balances in 分. All are held, and with them the accounts that money goes back to.
with purse as materialized (
    select
        wanted.person, account.id as account, 'self' as relation, null::date as first_day, null::date as last_day,
        0 as place
    from unnest(%(people)s::bigint[]) as wanted (person)
    -- By their indexes, however few rows the planner expects of the whole tables.
    cross join lateral (
        select id from accounts_account
        where person_id = wanted.person and scheme = %(scheme)s and kind = 'person' and balance > 0
        offset 0
    ) account
    union all
    select
        wanted.person, account.id, link.relation, link.first_day, coalesce(link.last_day, '9999-12-31'), link.id
    from unnest(%(people)s::bigint[]) as wanted (person)
    cross join lateral (
        select * from insured_familylink where relative_id = wanted.person offset 0
    ) link
    cross join lateral (
        select true from insured_person where id = link.person_id and died_on is null offset 0
    ) holder
    cross join lateral (
        select id from accounts_account
        where person_id = link.person_id and scheme = %(scheme)s and kind = 'person' and balance > 0
        offset 0
    ) account
),
held as materialized (
    select id, balance
    from accounts_hold((
        select array_agg(account) from (select account from purse union select unnest(%(given_back)s::bigint[])) wanted
    ))
)
select purse.person, held.id, (held.balance * 100)::bigint, purse.relation, purse.first_day, purse.last_day
from purse
join held on held.id = purse.account
order by purse.person, purse.place
