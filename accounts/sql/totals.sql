-- A run's lines by county and by status, to look at and to compare with the month before.
select
    case when grouping(status) = 1 then 'county' else 'status' end as dimension,
    coalesce(county.code, line.status, '') as key,
    count(*),
    sum(line.amount)
from accounts_runline line
left join office_county county on county.id = line.county_id
where line.run_id = %(run)s
group by grouping sets ((county.code), (line.status))
having coalesce(county.code, line.status, '') <> ''
order by 1, 2
