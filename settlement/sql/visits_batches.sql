-- A batch for each scheme of the file.
insert into settlement_visitbatch (kind, scheme, import_file_id, reason, origin, by_id, at, rows)
select
    'file', scheme, %(import)s, '', coalesce(nullif(current_setting('gongji.origin', true), ''), 'command_line'),
    acting_staff(), now(), count(*)
from accepted
group by scheme
order by scheme
