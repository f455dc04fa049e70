-- A month's clearing in the ledger: what is payable for it turns from an advance into cost of the pool; what is
-- kept of it is cost too, and owed as a deposit (9(2)3).
insert into accounts_runline (run_id, chunk, debit_id, credit_id, amount, kind, covers, county_id)
select %(run)s, 1, %(pool)s, account.id, part.amount, part.kind, line.month, facility.county_id
from settlement_clearing line
join facilities_facility facility on facility.id = line.facility_id
cross join lateral (
    values ('advance', 'clearing', line.payable), ('deposit', 'deposit', line.deposit)
) as part (account, kind, amount)
join accounts_account account
    on account.facility_id = line.facility_id and account.scheme = %(scheme)s and account.kind = part.account
where line.run_id = %(run)s and part.amount > 0
order by facility.code, line.month, part.account
