-- The months that a chunk of a reversal has taken back wait again.
update accounts_lumpcredit lump
set credited_by_id = null
from accounts_runline line
join accounts_account account on account.id = line.debit_id
where line.id between %(first_line)s and %(last_line)s and line.run_id = %(run)s
    and lump.person_id = account.person_id and lump.scheme = account.scheme and lump.covers = line.covers
    and lump.credited_by_id = %(reversed)s
