-- The lines of all posted runs by county and by status, as `totals` has them of one.
select
    line.run_id, case when grouping(line.status) = 1 then 'county' else 'status' end,
    coalesce(county.code, line.status, ''), count(*), sum(line.amount)
from accounts_runline line
left join office_county county on county.id = line.county_id
group by grouping sets ((line.run_id, county.code), (line.run_id, line.status))
having coalesce(county.code, line.status, '') <> ''
