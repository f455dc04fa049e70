-- One chunk's credits, exactly as its lines say; the balances of the people credited; and for the caller what
-- `post_chunk` gives. A month credits an account once (the index on month, account and attempt sees to it), so that
-- nothing is added up but what leaves the fund's own few accounts.
with posted as (
    insert into accounts_transfer
        (debit_id, credit_id, amount, kind, month, covers, attempt, run_id, chunk, created_at)
    select debit_id, credit_id, amount, kind, %(month)s, covers, attempt, run_id, chunk, now()
    from accounts_runline
    where id between %(first_line)s and %(last_line)s and run_id = %(run)s and chunk = %(chunk)s
    order by id
    returning debit_id, credit_id, amount, covers, kind, attempt, reverses_id
),
read_back as (
    select coalesce(encode(sha256(convert_to(string_agg(
        @accounts/transfer_text, e'\n'
        order by credit_id, debit_id, covers, amount, kind, attempt, reverses_id
    ), 'utf8')), 'hex'), '') as digest
    from posted
),
moved as (
    update accounts_account account
    set balance = account.balance + posted.amount
    from posted
    where account.id = posted.credit_id and account.kind = 'person'
    returning 1
),
shared as (
    select debit_id as account_id, -sum(amount) as amount from posted group by debit_id
    union all
    -- An account that is not there, for the caller to refuse.
    select null, 0 where (select count(*) from moved) <> (select count(*) from posted)
)
select
    (select digest from read_back),
    (select accounts_posted_digest(digest, %(month)s, %(month)s, now(), now()) from read_back),
    (select array_agg(account_id order by account_id) from shared),
    (select array_agg(amount order by account_id) from shared)
