-- Day by day, where a facility gave a day's totals that are not ours: what single bills do not explain. They are
-- counted in ours.
insert into found
with explained as (
    select reconciliation_id, day, place, sum(figure) as figure
    from (
        select reconciliation_id, theirs_day, place, coalesce(figure, ours[place], 0)
        from found cross join unnest(theirs) with ordinality as side (figure, place)
        union all
        select reconciliation_id, ours_day, place, -figure
        from found cross join unnest(ours) with ordinality as side (figure, place)
    ) sides (reconciliation_id, day, place, figure)
    group by reconciliation_id, day, place
),
told as (
    select reconciliation.id as reconciliation_id, report.facility_id, report.day, side.place, side.figure
    from settlement_reportedtotal report
    join settlement_reconciliation reconciliation using (month, facility_id, scheme)
    cross join unnest(array[
        report.visits, report.refunds, report.total, report.fund, report.account, report.cash
    ]::numeric(14, 2)[]) with ordinality as side (figure, place)
    where report.current and report.day is not null and report.month = %(first)s and report.scheme = %(scheme)s
        and (%(facilities)s::bigint[] is null or report.facility_id = any (%(facilities)s::bigint[]))
),
ours as (
    select facility_id, day, place, case when place > 2 then figure / 100.0 else figure end as figure
    from compared_days cross join unnest(figures) with ordinality as side (figure, place)
),
expected as (
    select
        reconciliation_id, day, place, told.figure as theirs,
        coalesce(ours.figure, 0)
        + case when told.figure = coalesce(ours.figure, 0) then 0 else coalesce(explained.figure, 0) end as ours
    from told
    left join ours using (facility_id, day, place)
    left join explained using (reconciliation_id, day, place)
)
select
    reconciliation_id, 'total', day, '', false, null::bigint, null::date, null::date,
    array_agg(theirs order by place), array_agg(ours order by place)::numeric(14, 2)[]
from expected
group by reconciliation_id, day
having bool_or(theirs <> ours)
