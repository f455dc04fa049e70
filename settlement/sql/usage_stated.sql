-- What facilities used of their quotas, by month: by their posted statements, and by manual reimbursements of visits
-- a quota pays. A referred visit counts where the person had chosen, wherever it led (9(1)3); a refund where the visit
-- did that it takes back. Of a month whose statement is under way nothing is told yet.
with stated as (
    select id, facility_id, month, in_quota
    from settlement_statement
    where scheme = %(scheme)s and state = 'posted' and month between %(first)s and %(last)s
),
counted as (
    select stated.facility_id, stated.month, visit.id as visit_id, coalesce(visit.reverses_id, visit.id) as first_id
    from stated
    join settlement_statementline line on line.statement_id = stated.id and line.in_quota
    join settlement_visit visit on visit.id = line.visit_id
    where %(referrals)s
    union all
    select null, voucher.month, receipt.visit_id, receipt.visit_id
    from settlement_claim claim
    join accounts_voucher voucher on voucher.source = 'settlement.claim' and voucher.source_id = claim.id
    join settlement_claimreceipt receipt on receipt.claim_id = claim.id and receipt.live
    where claim.scheme = %(scheme)s and claim.state = 'decided' and voucher.month between %(first)s and %(last)s
),
charged as (
    select counted.facility_id, counted.month, outcome.fund / 100.0 as fund, chosen.contractor_id
    from counted
    join settlement_visitoutcome outcome on outcome.visit_id = counted.visit_id
    join settlement_visit visit on visit.id = counted.first_id
    join settlement_visitoutcome at_first on at_first.visit_id = counted.first_id
    cross join lateral (
        select date_trunc('month', visit.at at time zone 'Asia/Shanghai')::date as month
    ) visited
    join lateral (
        select placed.contractor_id
        from insured_selection selection
        join facilities_placed placed on placed.facility_id = selection.facility_id and placed.days @> visited.month
        where selection.person_id = visit.person_id
            and selection.first_month <= visited.month and selection.last_month >= visited.month
        order by selection.slot = 'station'
        limit 1
    ) chosen on true
    where case
            when counted.facility_id is not null then not at_first.selected
            else at_first.locality = 'local' and (at_first.selected or at_first.referred and %(referrals)s)
        end
)
select facility_id, month, sum(used)
from (
    select facility_id, month, in_quota from stated
    union all
    select facility_id, month, -fund from charged where facility_id is not null
    union all
    select contractor_id, month, fund from charged
) each (facility_id, month, used)
where not exists (
    select from settlement_statement other
    where other.facility_id = each.facility_id and other.scheme = %(scheme)s and other.month = each.month
        and other.state not in ('posted', 'undone')
)
group by facility_id, month
