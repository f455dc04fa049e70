-- One chunk's transfers, exactly as its lines say; the balances of people and facilities they move; and for the
-- caller: the digests of what was inserted, whether every account was found, and what is left to move on the
-- fund's own few accounts, which all chunks share and which are therefore locked last and shortest.
with posted as (
    insert into accounts_transfer
        (debit_id, credit_id, amount, kind, month, covers, attempt, run_id, chunk, reverses_id, created_at)
    select debit_id, credit_id, amount, kind, %(month)s, covers, attempt, run_id, chunk, reverses_id, now()
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
movements as (
    select account_id, sum(amount) as amount
    from (
        select credit_id as account_id, amount from posted
        union all
        select debit_id, -amount from posted
    ) as sides
    group by account_id
),
moved as (
    update accounts_account account
    set balance = account.balance + movements.amount
    from movements
    where account.id = movements.account_id and num_nonnulls(account.person_id, account.facility_id, account.employer_id) = 1
    returning account.id
),
shared as (
    select movements.account_id, movements.amount
    from movements
    where not exists (select from moved where moved.id = movements.account_id)
)
select
    (select digest from read_back),
    (select accounts_posted_digest(digest, %(month)s, %(month)s, now(), now()) from read_back),
    (select array_agg(account_id order by account_id) from shared),
    (select array_agg(amount order by account_id) from shared)
