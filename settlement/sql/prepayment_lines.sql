-- A run's prepayments as ledger lines: the facility's advance grows by what it is now owed.
insert into accounts_runline (run_id, chunk, debit_id, credit_id, amount, kind, covers, county_id)
select %(run)s, 1, advance.id, payable.id, line.amount, 'prepayment', %(month)s, facility.county_id
from settlement_prepayment line
join facilities_facility facility on facility.id = line.facility_id
join accounts_account advance
    on advance.facility_id = line.facility_id and advance.scheme = %(scheme)s and advance.kind = 'advance'
join accounts_account payable
    on payable.facility_id = line.facility_id and payable.scheme = %(scheme)s and payable.kind = 'payable'
where line.run_id = %(run)s and line.amount > 0
order by facility.code
