-- The bills of a month as facilities last reported them, in 分.
create temporary table compared_theirs on commit drop as
select facility_id, bill, refund, day, total, fund, account, cash
from settlement_reportedbill
where current and not withdrawn and month = %(first)s and scheme = %(scheme)s
    and (%(facilities)s::bigint[] is null or facility_id = any (%(facilities)s::bigint[]))
