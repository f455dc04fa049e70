-- What a seal of accounts covers: whose each after `after` up to `last` was when it was opened, on top of the seal
-- before. Merging two records of one person moves accounts along and is on record: the first such step tells whose
-- an account was before.
with moved as (
    select distinct on (account.key) account.key::bigint as account_id, (account.value ->> 'person_id')::bigint as person_id
    from insured_personchange change
    cross join jsonb_each(change.before -> 'accounts_account') account
    where change.before ? 'accounts_account'
    order by account.key, change.id
)
select
    count(*),
    encode(sha256(convert_to(%(previous)s || e'\n' || coalesce(string_agg(
        concat_ws(
            ' ', account.id, account.kind, account.scheme, coalesce(moved.person_id, account.person_id, 0),
            coalesce(account.facility_id, 0), coalesce(account.employer_id, 0), account.opened_on
        ), e'\n' order by account.id
    ), ''), 'utf8')), 'hex')
from accounts_account account
left join moved on moved.account_id = account.id
where account.id > %(after)s and account.id <= %(last)s
