-- Bills that the file corrects or withdraws are current no longer.
update settlement_reportedbill told
set current = false
from accepted
where told.id = accepted.told_id and told.current
