-- What was found; one whose figures have changed, or that was gone, is open again.
insert into settlement_difference as known (
    reconciliation_id, kind, day, bill, refund, visit_id, theirs_day, ours_day, theirs, ours,
    state, revision, found_at, explanation, note
)
select
    reconciliation_id, kind, day, bill, refund, visit_id, theirs_day, ours_day, theirs, ours, 'open', 1, %(at)s, '', ''
from found
order by reconciliation_id, bill, refund, day
on conflict (reconciliation_id, day, bill, refund) do update
set (kind, visit_id, theirs_day, ours_day, theirs, ours) = (
        excluded.kind, excluded.visit_id, excluded.theirs_day, excluded.ours_day, excluded.theirs, excluded.ours
    ),
    state = 'open', revision = known.revision + 1, found_at = excluded.found_at,
    explanation = '', note = '', settled_by_id = null, settled_at = null
where known.state = 'gone'
    or (known.kind, known.visit_id, known.theirs_day, known.ours_day, known.theirs, known.ours)
        is distinct from
       (excluded.kind, excluded.visit_id, excluded.theirs_day, excluded.ours_day, excluded.theirs, excluded.ours)
