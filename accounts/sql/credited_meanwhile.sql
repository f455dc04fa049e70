-- A month of a run's lines that is credited by now as often as the lines count.
select credit.covers
from accounts_transfer credit
join accounts_runline line
    on line.run_id = %(run)s and line.credit_id = credit.credit_id and line.covers = credit.covers
    and line.attempt <= credit.attempt and line.kind = 'credit'
where credit.kind = 'credit' and credit.covers = any(%(months)s::date[])
limit 1
