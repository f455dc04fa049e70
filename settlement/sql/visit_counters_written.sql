-- The counters as the visits left them.
update settlement_accumulator accumulator
set used = became.used
from rows from (unnest(%(numbers)s::bigint[]), jsonb_array_elements(%(used)s::jsonb)) as became (id, used)
where accumulator.id = became.id
