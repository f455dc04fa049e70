-- What is on record of each day: the figures in their order, money in 分, and how many visits are not settled yet.
create temporary table compared_days on commit drop as
select
    facility_id, day,
    array[
        count(*) filter (where not refund), count(*) filter (where refund),
        sum(total), sum(fund), sum(account), sum(cash)
    ]::bigint[] as figures,
    count(*) filter (where unsettled) as unsettled
from compared_ours
group by facility_id, day
