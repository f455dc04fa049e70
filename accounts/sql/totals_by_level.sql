-- A run's lines by the level that the facility they credit has in the run's period.
select placed.level, count(*), sum(line.amount)
from accounts_runline line
join office_run run on run.id = line.run_id
join accounts_account account on account.id = line.credit_id
join facilities_placed placed on placed.facility_id = account.facility_id and placed.days @> run.period
where line.run_id = %(run)s
group by placed.level
order by placed.level
