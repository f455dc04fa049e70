-- Each order with its own of the transfers just posted: equal ones of a payee in the order of their numbers.
with free as materialized (
    select
        transfer.id, voucher.source_id as bank_file_id, transfer.debit_id as account_id, transfer.amount,
        transfer.covers as month,
        row_number() over (
            partition by voucher.source_id, transfer.debit_id, transfer.amount, transfer.covers order by transfer.id
        ) as place
    from accounts_voucher voucher
    join accounts_transfer transfer on transfer.voucher_id = voucher.id and transfer.kind = 'payment'
    where voucher.source = 'settlement.bankfile'
        and voucher.source_id in (select bank_file_id from accepted where result = 'paid')
        and not exists (select from settlement_paymentorder payment where payment.payment_id = transfer.id)
),
line as materialized (
    select
        accepted.*,
        row_number() over (
            partition by bank_file_id, account_id, order_amount, month order by order_id
        ) as place
    from accepted
    where result = 'paid'
)
update settlement_paymentorder payment
set state = 'paid', paid_on = line.day, payment_id = free.id
from line
join free
    on free.bank_file_id = line.bank_file_id and free.account_id = line.account_id
    and free.amount = line.order_amount and free.month = line.month and free.place = line.place
where payment.id = line.order_id and payment.state = 'in_transit'
