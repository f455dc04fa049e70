-- The totals as the file says, each the next version of its month or day.
insert into settlement_reportedtotal (
    facility_id, scheme, month, day, version, current, visits, refunds, total, fund, account, cash, import_id, by_id, at
)
select
    facility_id, scheme, month, day, told_version + 1, true, visits, refunds, total, fund, account, cash,
    %(import)s, acting_staff(), now()
from accepted
order by number
