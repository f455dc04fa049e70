-- A receivable for everybody whose account no longer holds what a chunk takes back.
with sides as (
    select debit_id as account_id, amount from accounts_runline
    where id between %(first_line)s and %(last_line)s and run_id = %(run)s
    union all
    select credit_id, -amount from accounts_runline
    where id between %(first_line)s and %(last_line)s and run_id = %(run)s
)
insert into accounts_account (kind, scheme, person_id, opened_on)
select 'receivable', account.scheme, account.person_id, (select agency_today())
from sides
join accounts_account account on account.id = sides.account_id and account.kind = 'person'
group by account.id
having account.balance < sum(sides.amount)
order by account.person_id
on conflict do nothing
