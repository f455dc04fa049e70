-- What was a difference, and is none any more.
update settlement_difference known
set state = 'gone'
from settlement_reconciliation reconciliation
where reconciliation.id = known.reconciliation_id and known.state <> 'gone'
    and reconciliation.month = %(first)s and reconciliation.scheme = %(scheme)s
    and (%(facilities)s::bigint[] is null or reconciliation.facility_id = any (%(facilities)s::bigint[]))
    and not exists (
        select from found
        where found.reconciliation_id = known.reconciliation_id and found.bill = known.bill
            and found.refund = known.refund and found.day is not distinct from known.day
    )
