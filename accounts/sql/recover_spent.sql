-- What somebody already spent of a credit taken back becomes a receivable, so that the account ends at zero.
with taken as (
    select account.id, account.person_id, account.scheme, account.balance, sum(line.amount) as amount,
        min(line.covers) as covers
    from accounts_runline line
    join accounts_account account on account.id = line.debit_id and account.kind = 'person'
    where line.id between %(first_line)s and %(last_line)s and line.run_id = %(run)s
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
