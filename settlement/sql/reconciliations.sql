-- A row for each facility with visits or a report in the month: what is on record, and what there is to compare.
with asked as (
    select facility_id from compared_days
    union
    select facility_id from compared_theirs
    union
    select facility_id from settlement_reportedtotal
    where current and month = %(first)s and scheme = %(scheme)s
        and (%(facilities)s::bigint[] is null or facility_id = any (%(facilities)s::bigint[]))
    union
    select facility_id from settlement_reconciliation
    where month = %(first)s and scheme = %(scheme)s
        and (%(facilities)s::bigint[] is null or facility_id = any (%(facilities)s::bigint[]))
),
by_month as (
    select
        facility_id, sum(unsettled) as unsettled, sum(figures[1]) as visits, sum(figures[2]) as refunds,
        sum(figures[3]) / 100.0 as total, sum(figures[4]) / 100.0 as fund,
        sum(figures[5]) / 100.0 as account, sum(figures[6]) / 100.0 as cash,
        jsonb_agg(jsonb_build_array(day) || to_jsonb(figures) order by day) as days
    from compared_days
    group by facility_id
),
given as (
    select facility_id, count(*) as bills from compared_theirs group by facility_id
)
insert into settlement_reconciliation (
    month, facility_id, scheme, report_id, bills, unsettled, visits, refunds, total, fund, account, cash, days,
    compared_at, unreported_note
)
select
    %(first)s, asked.facility_id, %(scheme)s, report.id, coalesce(bills, 0), coalesce(unsettled, 0),
    coalesce(by_month.visits, 0), coalesce(by_month.refunds, 0), coalesce(by_month.total, 0),
    coalesce(by_month.fund, 0), coalesce(by_month.account, 0), coalesce(by_month.cash, 0), coalesce(days, '[]'),
    %(at)s, ''
from asked
left join by_month using (facility_id)
left join given using (facility_id)
left join settlement_reportedtotal report
    on report.current and report.day is null and report.month = %(first)s and report.scheme = %(scheme)s
    and report.facility_id = asked.facility_id
order by asked.facility_id
on conflict (month, facility_id, scheme) do update
set (report_id, bills, unsettled, visits, refunds, total, fund, account, cash, days, compared_at) = (
    excluded.report_id, excluded.bills, excluded.unsettled, excluded.visits, excluded.refunds, excluded.total,
    excluded.fund, excluded.account, excluded.cash, excluded.days, excluded.compared_at
)
