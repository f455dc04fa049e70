-- Choices that have not begun are made anew.
update insured_selection choice
set facility_id = accepted.facility_id, kind = accepted.kind, reason = coalesce(accepted.reason, choice.reason), run_id = null
from accepted
where choice.id = accepted.same_id and accepted.replaces
