-- What a run booked as recoverable and is no longer owed in full.
select receivable.id
from accounts_transfer booked
join accounts_account receivable on receivable.id = booked.debit_id
where booked.run_id = %(run)s and booked.kind = 'recovery'
group by receivable.id
having -receivable.balance < sum(booked.amount)
limit 1
