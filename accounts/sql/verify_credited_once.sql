-- Months credited to an account more than once, not counting what was reversed.
with again as materialized (
    select covers, credit_id from accounts_transfer where kind = 'credit' group by covers, credit_id having count(*) > 1
)
select 'account ' || given.credit_id || ': ' || to_char(given.covers, 'YYYY-MM') || ' credited ' || count(*) || ' times'
from again
join accounts_transfer given
    on given.covers = again.covers and given.credit_id = again.credit_id and given.kind = 'credit'
left join accounts_transfer back on back.reverses_id = given.id
where back.id is null
group by given.covers, given.credit_id
having count(*) > 1
order by given.covers, given.credit_id
limit 1
