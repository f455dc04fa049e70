-- Months credited to an account more than once, not counting what was reversed.
select 'account ' || given.credit_id || ': ' || to_char(given.covers, 'YYYY-MM') || ' credited ' || count(*) || ' times'
from accounts_transfer given
left join accounts_transfer back on back.reverses_id = given.id
where given.kind = 'credit' and back.id is null
group by given.covers, given.credit_id
having count(*) > 1
order by given.covers, given.credit_id
limit 1
