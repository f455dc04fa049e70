-- A run's lines by the level that the facility they credit, or debit for the pool, has in the run's period.
select placed.level, count(*), sum(line.amount)
from accounts_runline line
join office_run run on run.id = line.run_id
join accounts_account credit on credit.id = line.credit_id
join accounts_account debit on debit.id = line.debit_id
join facilities_placed placed
    on placed.facility_id = coalesce(credit.facility_id, debit.facility_id) and placed.days @> run.period
where line.run_id = %(run)s
group by placed.level
order by placed.level
