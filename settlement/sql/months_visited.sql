-- The months and facilities of a batch's visits.
select distinct
    visit.scheme, date_trunc('month', visit.at at time zone 'Asia/Shanghai')::date, visit.facility_id
from settlement_visitchunk chunk
cross join unnest(chunk.visits) as stretch (numbers)
cross join lateral (
    select scheme, at, facility_id from settlement_visit
    where id >= lower(stretch.numbers) and id < upper(stretch.numbers)
    offset 0
) visit
where chunk.batch_id = %(batch)s
