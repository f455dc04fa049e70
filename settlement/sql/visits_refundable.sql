-- Of a batch's visits in sight, how many stand as what, with their total and what the fund pays, in 分.
select
    case
        when visit.reverses_id is not null then 'refund'
        when visit.reversed_by_id is not null then 'taken_back'
        when outcome.visit_id is null then 'unsettled'
        else 'standing'
    end as stands,
    count(*), sum(visit.total), coalesce(sum(outcome.fund), 0), coalesce(sum(outcome.account + outcome.family_account), 0)
from settlement_visit visit
left join settlement_visitoutcome outcome on outcome.visit_id = visit.id
where visit.id >= %(first)s and visit.id < %(after)s and visit.batch_id = %(batch)s
group by 1
