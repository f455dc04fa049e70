-- Holds the personal accounts a chunk that takes money back moves, in order, until it commits.
select account.id
from accounts_account account
where account.kind = 'person' and account.id in (
    select unnest(array[debit_id, credit_id])
    from accounts_runline where id between %(first_line)s and %(last_line)s and run_id = %(run)s
)
order by account.id
for no key update
