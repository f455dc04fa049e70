-- What somebody already spent of money taken back becomes a receivable, so that the account ends at zero.
with sides as (
    select debit_id as account_id, amount, covers from accounts_runline
    where id between %(first_line)s and %(last_line)s and run_id = %(run)s
    union all
    select credit_id, -amount, covers from accounts_runline
    where id between %(first_line)s and %(last_line)s and run_id = %(run)s
),
taken as (
    select account.id, account.person_id, account.scheme, account.balance, sum(sides.amount) as amount,
        min(sides.covers) filter (where sides.amount > 0) as covers
    from sides
    join accounts_account account on account.id = sides.account_id and account.kind = 'person'
    group by account.id
),
recovered as (
    insert into accounts_transfer
        (debit_id, credit_id, amount, kind, month, covers, attempt, run_id, chunk, created_at)
    select
        receivable.id, taken.id, taken.amount - taken.balance, 'recovery', %(month)s, taken.covers, 0, %(run)s,
        %(chunk)s, now()
    from taken
    join accounts_account receivable
        on receivable.person_id = taken.person_id and receivable.scheme = taken.scheme
        and receivable.kind = 'receivable'
    where taken.balance < taken.amount
    order by taken.id
    returning debit_id, credit_id, amount
)
update accounts_account account
set balance = account.balance + case account.id when recovered.credit_id then recovered.amount else -recovered.amount end
from recovered
where account.id in (recovered.credit_id, recovered.debit_id)
