-- An adjustment that stands of a month that a run's lines credit to the same account.
select adjusted.run_id, adjusted.covers
from accounts_runline line
join accounts_runline adjusted
    on adjusted.run_id = any(%(adjusted_by)s::bigint[]) and adjusted.covers = line.covers
    and line.credit_id in (adjusted.credit_id, adjusted.debit_id)
where line.run_id = %(run)s and line.kind = 'credit'
order by adjusted.run_id
limit 1
