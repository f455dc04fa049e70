-- Personal accounts below zero.
select 'account ' || id || ': balance ' || balance
from accounts_account
where kind = 'person' and balance < 0
order by id
limit 1
