-- A receivable for everybody whose account no longer holds what a chunk of a reversal takes back.
insert into accounts_account (kind, scheme, person_id, opened_on)
select 'receivable', account.scheme, account.person_id, (select agency_today())
from accounts_runline line
join accounts_account account on account.id = line.debit_id and account.kind = 'person'
where line.id between %(first_line)s and %(last_line)s and line.run_id = %(run)s
group by account.id
having account.balance < sum(line.amount)
order by account.person_id
on conflict do nothing
