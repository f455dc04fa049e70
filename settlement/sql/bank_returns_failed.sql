-- What the bank could not pay stays owed.
update settlement_paymentorder payment
set state = 'failed', reason = accepted.failure
from accepted
where payment.id = accepted.order_id and accepted.result = 'failed' and payment.state = 'in_transit'
