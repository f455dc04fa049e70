-- What could be put on orders, by month and source: how many transfers to how many payees.
select scheme, month, source, count(distinct (account_id, share_id)), count(*), sum(amount)
from ({payable}) owed
group by scheme, month, source
order by month desc, scheme, source
