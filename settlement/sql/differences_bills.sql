-- Bill by bill, where a facility gave its bills: what is not the same on both sides. What one side has in another
-- month is looked up there: a bill counted in another month is a matter of its date.
create temporary table found on commit drop as
with ours as (
    select facility_id, bill, refund, id, day, total, fund, account, cash
    from compared_ours
    where not again and facility_id in (select facility_id from compared_theirs)
),
unlike as materialized (
    select
        facility_id, bill, refund, ours.id as visit_id,
        theirs.day as theirs_day, theirs.total as theirs_total, theirs.fund as theirs_fund,
        theirs.account as theirs_account, theirs.cash as theirs_cash,
        ours.day as ours_day, ours.total as ours_total, ours.fund as ours_fund,
        ours.account as ours_account, ours.cash as ours_cash
    from compared_theirs theirs
    full join ours using (facility_id, bill, refund)
    where (
        theirs.day, theirs.total, theirs.fund,
        coalesce(theirs.account, ours.account), coalesce(theirs.cash, ours.cash)
    ) is distinct from (ours.day, ours.total, ours.fund, ours.account, ours.cash)
),
-- The visit a bill is about that has none in the month, and of a refund what it would take back.
looked_up as (
    select
        unlike.facility_id, unlike.bill, unlike.refund,
        charge.id as charge_id, visit.id as visit_id, (visit.at at time zone 'Asia/Shanghai')::date as day,
        visit.total, coalesce(outcome.fund, 0) as fund,
        coalesce(outcome.account + outcome.family_account, 0) as account, coalesce(outcome.cash, 0) as cash
    from unlike
    cross join lateral (
        select id, reversed_by_id
        from (
            select id, reversed_by_id from settlement_visit
            where facility_id = unlike.facility_id and bill = unlike.bill and reversed_by_id is null
                and reverses_id is null and scheme = %(scheme)s
            union all
            select id, reversed_by_id from settlement_visit
            where facility_id = unlike.facility_id and bill = unlike.bill and reversed_by_id is not null
                and scheme = %(scheme)s
        ) entered
        order by id desc
        limit 1
    ) charge
    left join settlement_visit visit
        on visit.id = case when unlike.refund then charge.reversed_by_id else charge.id end
        and not (visit.at at time zone 'Asia/Shanghai')::date between %(first)s and %(last)s
    left join settlement_visitoutcome outcome on outcome.visit_id = visit.id
    where unlike.visit_id is null
),
both_sides as (
    select
        unlike.facility_id, unlike.bill, unlike.refund, charge_id,
        coalesce(unlike.visit_id, looked_up.visit_id) as visit_id,
        coalesce(theirs_day, told.day) as theirs_day, coalesce(theirs_total, told.total) as theirs_total,
        coalesce(theirs_fund, told.fund) as theirs_fund, coalesce(theirs_account, told.account) as theirs_account,
        coalesce(theirs_cash, told.cash) as theirs_cash,
        coalesce(ours_day, looked_up.day) as ours_day, coalesce(ours_total, looked_up.total) as ours_total,
        coalesce(ours_fund, looked_up.fund) as ours_fund, coalesce(ours_account, looked_up.account) as ours_account,
        coalesce(ours_cash, looked_up.cash) as ours_cash
    from unlike
    left join looked_up
        on unlike.visit_id is null and looked_up.facility_id = unlike.facility_id and looked_up.bill = unlike.bill
        and looked_up.refund = unlike.refund
    left join settlement_reportedbill told
        on theirs_day is null and told.current and not told.withdrawn and told.facility_id = unlike.facility_id
        and told.bill = unlike.bill and told.scheme = %(scheme)s and told.refund = unlike.refund
)
select
    reconciliation.id as reconciliation_id,
    case
        when theirs_total is null then 'only_ours'
        when ours_total is null and refund and charge_id is not null then 'refund'
        when ours_total is null then 'only_theirs'
        when (theirs_total, theirs_fund, coalesce(theirs_account, ours_account), coalesce(theirs_cash, ours_cash))
            is distinct from (ours_total, ours_fund, ours_account, ours_cash) then 'amount'
        else 'date'
    end as kind,
    null::date as day, bill, refund, coalesce(visit_id, charge_id) as visit_id, theirs_day, ours_day,
    case when theirs_total is not null then array[
        (not refund)::int, refund::int,
        theirs_total / 100.0, theirs_fund / 100.0, theirs_account / 100.0, theirs_cash / 100.0
    ]::numeric(14, 2)[] end as theirs,
    case when ours_total is not null then array[
        (not refund)::int, refund::int,
        ours_total / 100.0, ours_fund / 100.0, ours_account / 100.0, ours_cash / 100.0
    ]::numeric(14, 2)[] end as ours
from both_sides
join settlement_reconciliation reconciliation
    on reconciliation.facility_id = both_sides.facility_id and reconciliation.month = %(first)s
    and reconciliation.scheme = %(scheme)s
