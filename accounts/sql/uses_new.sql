-- A use for every accepted row, in their order.
insert into accounts_accountuse
    (person_id, scheme, purpose, article, facility_id, day, bill_number, amount, own_part, family_part, cash_part, entered_by_id)
select
    person_id, %(scheme)s, purpose_code, article, facility_id, day, bill_number, amount, own_part, family_part, 0,
    acting_staff()
from accepted
order by number
