-- How long the last posting of each kind took, from the order to post until the seal.
select distinct on (run.kind)
       run.kind, extract(epoch from run.posted_at - ordered.at)::float8 as seconds, run.rows
from office_run run
join lateral (
    select max(at) as at from office_runevent
    where run_id = run.id and act in ('post', 'prepare')
) ordered on true
where run.posted_at is not null
order by run.kind, run.posted_at desc
