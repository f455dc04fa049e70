-- What is proposed and held back, with its reason.
insert into office_runexception (run_id, code, person_id, detail, article)
select %(run)s, code, person_id, detail, article
from proposed
where code <> ''
order by person_id, covers
