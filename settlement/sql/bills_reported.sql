-- The bills as the file says, in 分, each the next version of its bill.
insert into settlement_reportedbill (
    facility_id, scheme, month, bill, refund, day, version, current, total, fund, account, cash, withdrawn,
    import_id, by_id, at
)
select
    facility_id, scheme, month, bill, refund = 't', day, told_version + 1, true, total * 100, fund * 100,
    account * 100, cash * 100, withdrawn = 't', %(import)s, acting_staff(), now()
from accepted
order by month, facility_id, day, number
