-- Totals that the file corrects are current no longer.
update settlement_reportedtotal told
set current = false
from accepted
where told.id = accepted.told_id and told.current
