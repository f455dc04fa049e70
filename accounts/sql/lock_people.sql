-- Holds the personal accounts a chunk of a reversal takes from, in order, until it commits.
select account.id
from accounts_account account
where account.kind = 'person' and account.id in (
    select debit_id from accounts_runline where id between %(first_line)s and %(last_line)s and run_id = %(run)s
)
order by account.id
for no key update
