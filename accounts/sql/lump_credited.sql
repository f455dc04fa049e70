-- The months that a chunk has credited are done.
update accounts_lumpcredit lump
set credited_by_id = %(run)s
from accounts_runline line
join accounts_account account on account.id = line.credit_id
where line.id between %(first_line)s and %(last_line)s and line.run_id = %(run)s
    and lump.person_id = account.person_id and lump.scheme = account.scheme and lump.covers = line.covers
    and (lump.kind = 'supplement') = (line.kind = 'supplement')
    and lump.credited_by_id is null and lump.withdrawn_because = ''
