-- Transfers of a run that is not there, or that has not come to posting.
select 'transfer ' || min(transfer.id) || ': run ' || transfer.run_id || ' is ' || coalesce(run.state, 'not there')
from accounts_transfer transfer
left join office_run run on run.id = transfer.run_id
where transfer.run_id is not null and (run.id is null or run.state not in ('posting', 'posted', 'reversed'))
group by transfer.run_id, run.state
order by min(transfer.id)
limit 1
