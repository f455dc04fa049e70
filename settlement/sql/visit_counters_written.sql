-- The counters as the visits left them.
update settlement_accumulator accumulator
set used = became.used::jsonb
from unnest(%(numbers)s::bigint[], %(used)s::text[]) as became (id, used)
where accumulator.id = became.id
