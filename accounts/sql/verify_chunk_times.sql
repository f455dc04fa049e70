-- Posted chunks that name another moment than their transfers. The moment is in the digest of what was posted; the
-- transfers are asked only where lines and moment alone do not give it: what could not be taken back was posted
-- besides the lines.
with odd as materialized (
    select chunk.run_id, chunk.number, chunk.posted_at
    from office_runchunk chunk
    join office_run run on run.id = chunk.run_id
    where chunk.posted_digest <> '' and chunk.posted_digest is distinct from
        accounts_posted_digest(chunk.digest, run.booked_in, run.booked_in, chunk.posted_at, chunk.posted_at)
),
moved as (
    select run_id, chunk, min(created_at) as first_at, max(created_at) as last_at
    from accounts_transfer
    where run_id in (select run_id from odd)
    group by run_id, chunk
)
select
    'run ' || odd.run_id || ', chunk ' || odd.number || ': its transfers were not posted at '
    || coalesce(odd.posted_at::text, 'no moment')
from odd
join moved on moved.run_id = odd.run_id and moved.chunk = odd.number
where (odd.posted_at, odd.posted_at) is distinct from (moved.first_at, moved.last_at)
order by odd.run_id, odd.number
limit 1
