-- Every month of the accepted rows, waiting to be credited.
insert into accounts_lumpcredit (person_id, scheme, kind, covers, base, amount)
select person_id, scheme, kind, month::date, base, amount
from accepted
cross join generate_series(first_month, until, interval '1 month') month
order by person_id, month
