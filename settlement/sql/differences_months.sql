-- The month, where a facility reported it and it is not ours: what neither bills nor days explain. They are counted
-- in ours.
insert into found
with explained as (
    select reconciliation_id, place, sum(figure) as figure
    from (
        select reconciliation_id, place, coalesce(figure, ours[place], 0)
        from found cross join unnest(theirs) with ordinality as side (figure, place)
        where day is not null or theirs_day between %(first)s and %(last)s
        union all
        select reconciliation_id, place, -figure
        from found cross join unnest(ours) with ordinality as side (figure, place)
        where day is not null or ours_day between %(first)s and %(last)s
    ) sides (reconciliation_id, place, figure)
    group by reconciliation_id, place
),
expected as (
    select
        reconciliation.id as reconciliation_id, side.place, side.theirs,
        side.ours + case when side.theirs = side.ours then 0 else coalesce(explained.figure, 0) end as ours
    from settlement_reconciliation reconciliation
    join settlement_reportedtotal report on report.id = reconciliation.report_id
    cross join unnest(
        array[report.visits, report.refunds, report.total, report.fund, report.account, report.cash]::numeric(14, 2)[],
        array[
            reconciliation.visits, reconciliation.refunds, reconciliation.total, reconciliation.fund,
            reconciliation.account, reconciliation.cash
        ]::numeric(14, 2)[]
    ) with ordinality as side (theirs, ours, place)
    left join explained on explained.reconciliation_id = reconciliation.id and explained.place = side.place
    where reconciliation.month = %(first)s and reconciliation.scheme = %(scheme)s
        and (%(facilities)s::bigint[] is null or reconciliation.facility_id = any (%(facilities)s::bigint[]))
)
select
    reconciliation_id, 'total', null::date, '', false, null::bigint, null::date, null::date,
    array_agg(theirs order by place), array_agg(ours order by place)
from expected
group by reconciliation_id
having bool_or(theirs <> ours)
