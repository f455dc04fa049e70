-- A year end in the ledger. What was prepaid and is not cleared turns from an advance into cost of the pool as far
-- as it is payable; what is payable beyond that is owed to the facility, first out of its released deposit; what it
-- got too much becomes an advance. A deposit that is not given back stays in the pool.
insert into accounts_runline (run_id, chunk, debit_id, credit_id, amount, kind, covers, county_id)
select
    %(run)s, 1, coalesce(debit.id, %(pool)s), coalesce(credit.id, %(pool)s), part.amount, part.kind, %(month)s,
    facility.county_id
from settlement_yearend line
join facilities_facility facility on facility.id = line.facility_id
cross join lateral (
    select
        line.advance + line.carry - greatest(-line.due, 0) as settled,
        greatest(line.due, 0) as owed,
        least(coalesce(line.released, 0), greatest(line.due, 0)) as returned
) as sums
cross join lateral (
    values
        (null, 'advance', 'year_end', sums.settled),
        ('advance', null, 'year_end', -sums.settled),
        (null, 'payable', 'year_end', sums.owed - sums.returned),
        ('deposit', 'payable', 'deposit', sums.returned),
        ('deposit', null, 'deposit', case when line.released is not null then line.deposit - sums.returned end)
) as part (debited, credited, kind, amount)
left join accounts_account debit
    on debit.facility_id = line.facility_id and debit.scheme = %(scheme)s and debit.kind = part.debited
left join accounts_account credit
    on credit.facility_id = line.facility_id and credit.scheme = %(scheme)s and credit.kind = part.credited
where line.run_id = %(run)s and part.amount > 0
order by facility.code, part.credited, part.debited
