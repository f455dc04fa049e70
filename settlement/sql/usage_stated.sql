-- What facilities used of their quotas by their posted statements, by month. A referred visit counts where the person
-- had chosen, wherever it led (9(1)3); a refund where the visit did that it takes back.
with stated as (
    select id, facility_id, month, in_quota
    from settlement_statement
    where scheme = %(scheme)s and state = 'posted' and month between %(first)s and %(last)s
),
elsewhere as (
    select stated.facility_id, stated.month, outcome.fund / 100.0 as fund, coalesce(chosen.contractor_id, stated.facility_id) as charged_id
    from stated
    join settlement_statementline line on line.statement_id = stated.id and line.in_quota
    join settlement_visit visit on visit.id = line.visit_id
    join settlement_visitoutcome outcome on outcome.visit_id = visit.id
    left join settlement_visit original on original.id = visit.reverses_id
    join settlement_visitoutcome at_first on at_first.visit_id = coalesce(original.id, visit.id) and not at_first.selected
    cross join lateral (
        select date_trunc('month', coalesce(original.at, visit.at) at time zone 'Asia/Shanghai')::date as month
    ) visited
    left join lateral (
        select placed.contractor_id
        from insured_selection selection
        join facilities_placed placed on placed.facility_id = selection.facility_id and placed.days @> visited.month
        where selection.person_id = visit.person_id
            and selection.first_month <= visited.month and selection.last_month >= visited.month
        order by selection.slot = 'station'
        limit 1
    ) chosen on true
    where %(referrals)s
)
select facility_id, month, sum(used)
from (
    select facility_id, month, in_quota from stated
    union all
    select facility_id, month, -fund from elsewhere
    union all
    select charged_id, month, fund from elsewhere
) each (facility_id, month, used)
group by facility_id, month
