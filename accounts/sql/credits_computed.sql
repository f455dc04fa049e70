-- The different credits of posted runs, each with the first line that has it; runs of the same rules together.
select
    rules.key, line.status, line.base, line.standard, line.amount, source.kind, min(line.id), min(line.run_id)
from accounts_runline line
join unnest(%(runs)s::bigint[], %(months)s::date[], %(keys)s::int[]) as rules (run_id, month, key)
    on rules.run_id = line.run_id and rules.month = line.covers
left join accounts_account source on source.id = line.debit_id
where line.kind = 'credit'
group by rules.key, line.status, line.base, line.standard, line.amount, source.kind
