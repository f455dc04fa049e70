-- Sealed runs whose totals are not the sums of their chunks.
select 'run ' || run.id || ': ' || run.rows || ' rows, ' || run.amount || '; its chunks give '
    || coalesce(sum(chunk.rows), 0) || ' rows, ' || coalesce(sum(chunk.amount), 0)
from office_run run
left join office_runchunk chunk on chunk.run_id = run.id
where run.seal <> ''
group by run.id
having run.rows <> coalesce(sum(chunk.rows), 0) or run.amount <> coalesce(sum(chunk.amount), 0)
order by run.id
limit 1
