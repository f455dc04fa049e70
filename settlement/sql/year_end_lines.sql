-- A year end in the ledger: as far as it is payable, what was prepaid turns from an advance into cost of the pool;
-- what is payable beyond it is owed to the facility; what was prepaid too much stays an advance.
insert into accounts_runline (run_id, chunk, debit_id, credit_id, amount, kind, covers, county_id)
select %(run)s, 1, %(pool)s, account.id, part.amount, 'year_end', %(month)s, facility.county_id
from settlement_yearend line
join facilities_facility facility on facility.id = line.facility_id
cross join lateral (
    values ('advance', least(line.payable, line.prepaid)), ('payable', greatest(line.due, 0))
) as part (kind, amount)
join accounts_account account
    on account.facility_id = line.facility_id and account.scheme = %(scheme)s and account.kind = part.kind
where line.run_id = %(run)s and part.amount > 0
order by facility.code, part.kind
