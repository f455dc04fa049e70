-- Accounts that are not whose the last merging of records, or its undoing, made them.
with moved as (
    select distinct on (account.key) account.key::bigint as account_id, (account.value ->> 'person_id')::bigint as person_id
    from insured_personchange change
    cross join jsonb_each(change.after -> 'accounts_account') account
    where change.after ? 'accounts_account'
    order by account.key, change.id desc
)
select 'account ' || account.id || ': of person ' || coalesce(account.person_id::text, 'nobody') || ', moved to ' || moved.person_id
from moved
join accounts_account account on account.id = moved.account_id
where account.person_id is distinct from moved.person_id
order by account.id
limit 1
