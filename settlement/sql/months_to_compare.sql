-- The months since the first one in which there is something to compare.
select distinct scheme, month
from (
    select scheme, date_trunc('month', at at time zone 'Asia/Shanghai')::date as month
    from settlement_visit
    where at >= %(first)s::date::timestamp at time zone 'Asia/Shanghai'
    union
    select scheme, month from settlement_reportedtotal where month >= %(first)s
    union
    select scheme, month from settlement_reportedbill where month >= %(first)s
) found
order by month, scheme
