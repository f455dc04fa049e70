-- How many lines of a run still have their month waiting.
select count(*)
from accounts_runline line
join accounts_account account on account.id = line.credit_id
join accounts_lumpcredit lump
    on lump.person_id = account.person_id and lump.scheme = account.scheme and lump.covers = line.covers
    and (lump.kind = 'supplement') = (line.kind = 'supplement')
where line.run_id = %(run)s and lump.credited_by_id is null and lump.withdrawn_because = ''
