-- The visits on record of a month, in 分, each refund under the bill it takes back. `again` are those taken back and
-- entered anew under the same bill, and their refunds: the last one stands for the bill.
create temporary table compared_ours on commit drop as
select
    visit.id, visit.facility_id, coalesce(original.bill, visit.bill) as bill, visit.reverses_id is not null as refund,
    (visit.at at time zone 'Asia/Shanghai')::date as day,
    visit.total, coalesce(outcome.fund, 0) as fund,
    coalesce(outcome.account + outcome.family_account, 0) as account, coalesce(outcome.cash, 0) as cash,
    outcome.fund is null as unsettled,
    (visit.reversed_by_id is not null or visit.reverses_id is not null) and (
        exists (
            select from settlement_visit later
            where later.facility_id = visit.facility_id and later.bill = coalesce(original.bill, visit.bill)
                and later.reversed_by_id is null and later.reverses_id is null
                and later.id > coalesce(original.id, visit.id)
        )
        or exists (
            select from settlement_visit later
            where later.facility_id = visit.facility_id and later.bill = coalesce(original.bill, visit.bill)
                and later.reversed_by_id is not null and later.id > coalesce(original.id, visit.id)
        )
    ) as again
from settlement_visit visit
left join settlement_visit original on original.id = visit.reverses_id
left join settlement_visitoutcome outcome on outcome.visit_id = visit.id
join settlement_visitbatch batch on batch.id = visit.batch_id
-- What a person paid and claims back is between the person and the fund.
where batch.kind <> 'claim'
    and visit.at >= %(first)s::date::timestamp at time zone 'Asia/Shanghai'
    and visit.at < (%(last)s::date + 1)::timestamp at time zone 'Asia/Shanghai'
    and visit.scheme = %(scheme)s
    and (%(facilities)s::bigint[] is null or visit.facility_id = any (%(facilities)s::bigint[]))
