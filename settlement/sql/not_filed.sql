-- The facilities under agreement in a month of which nothing was filed: neither visits, their own or their
-- stations', nor a monthly report.
select worked.contractor_id
from facilities_contracted worked
join facilities_facility contractor on contractor.id = worked.contractor_id
left join settlement_reconciliation filed
    on filed.facility_id = worked.facility_id and filed.month = %(first)s and filed.scheme = %(scheme)s
where worked.kind = any (%(kinds)s)
    and worked.days && daterange(%(first)s, %(last)s, '[]')
    and (%(counties)s::bigint[] is null or contractor.county_id = any (%(counties)s::bigint[]))
group by worked.contractor_id
having count(filed.id) = 0
