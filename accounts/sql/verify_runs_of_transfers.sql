-- Transfers of a run that is not there, or that has not come to posting.
with posted as (
    select run_id, min(id) as first_transfer from accounts_transfer where run_id is not null group by run_id
)
select 'transfer ' || posted.first_transfer || ': run ' || posted.run_id || ' is ' || coalesce(run.state, 'not there')
from posted
left join office_run run on run.id = posted.run_id
where run.id is null or run.state not in ('posting', 'posted', 'reversed')
order by posted.first_transfer
limit 1
