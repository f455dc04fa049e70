-- The chunks of the file's batches.
insert into settlement_visitchunk (batch_id, number, visits, rows, totals)
select batch_id, chunk, range_agg(int8range(id, id, '[]')), count(*), '{}'
from visits_numbered
group by batch_id, chunk
order by batch_id, chunk
