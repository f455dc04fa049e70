-- Whom and where to pay, for many orders at once.
update settlement_paymentorder payment
set payee_name = taken.name, bank_name = taken.bank, account_index = taken.index, account_sealed = taken.sealed
from unnest(%(orders)s::bigint[], %(names)s::text[], %(banks)s::text[], %(indexes)s::bytea[], %(sealed)s::bytea[])
    as taken (id, name, bank, index, sealed)
where payment.id = taken.id
