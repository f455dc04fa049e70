-- The lines of all posted runs by county and by status, as `totals` has them of one.
with part as (
    select run_id, county_id, status, count(*) as rows, sum(amount) as amount
    from accounts_runline
    group by run_id, county_id, status
)
select
    part.run_id, case when grouping(part.status) = 1 then 'county' else 'status' end,
    coalesce(county.code, part.status, ''), sum(part.rows)::bigint, sum(part.amount)
from part
left join office_county county on county.id = part.county_id
group by grouping sets ((part.run_id, county.code), (part.run_id, part.status))
having coalesce(county.code, part.status, '') <> ''
