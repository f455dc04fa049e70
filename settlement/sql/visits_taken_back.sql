-- What the refunds of the file take back is marked with its refund.
update settlement_visit original
set reversed_by_id = refund.id
from visits_numbered numbered
join settlement_visit refund on refund.id = numbered.id and refund.reverses_id is not null
where original.id = refund.reverses_id and original.reversed_by_id is null
