-- A run's lines by the level of the facility they credit.
select facility.level, count(*), sum(line.amount)
from accounts_runline line
join accounts_account account on account.id = line.credit_id
join facilities_facility facility on facility.id = account.facility_id
where line.run_id = %(run)s
group by facility.level
order by facility.level
