-- The city's tables by size, with their indexes; rows as PostgreSQL last estimated them.
select relname as table, pg_total_relation_size(oid) as bytes, greatest(reltuples, 0)::bigint as rows
from pg_class
where relnamespace = current_schema()::regnamespace and relkind = 'r'
order by bytes desc, relname
limit %(count)s
