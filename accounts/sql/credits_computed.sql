-- The different credits of posted runs, each with the first line that has it; runs of the same rules together.
with computed as (
    select
        rules.key, line.status, line.base, line.standard, line.amount, line.debit_id,
        min(line.id) as first_line, min(line.run_id) as first_run
    from accounts_runline line
    join unnest(%(runs)s::bigint[], %(months)s::date[], %(keys)s::int[]) as rules (run_id, month, key)
        on rules.run_id = line.run_id and rules.month = line.covers
    where line.kind = 'credit'
    group by rules.key, line.debit_id, line.amount, line.base, line.status, line.standard
)
select key, status, base, standard, amount, source.kind, first_line, first_run
from computed
left join accounts_account source on source.id = computed.debit_id
