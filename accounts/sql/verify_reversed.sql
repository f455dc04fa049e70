-- Runs called reversed without a posted reversal, or the other way round.
select 'run ' || run.id || ' is ' || run.state || ', its reversal ' || coalesce('run ' || back.id, 'is not there')
from office_run run
left join office_run back on back.reverses_id = run.id and back.state = 'posted'
where (run.state = 'reversed') <> (back.id is not null)
order by run.id
limit 1
