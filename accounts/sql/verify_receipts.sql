-- Posted receipts of the fund that are not exactly one transfer of theirs, and vouchers of receipts not posted.
with moved as (
    select
        voucher.source_id as receipt_id, count(*) as transfers, min(transfer.amount) as amount,
        min(transfer.kind) as kind, min(debit.kind) as debit, min(credit.kind) as credit,
        min(transfer.reverses_id) as reverses_id, min(voucher.scheme) as scheme
    from accounts_voucher voucher
    join accounts_transfer transfer on transfer.voucher_id = voucher.id
    join accounts_account debit on debit.id = transfer.debit_id
    join accounts_account credit on credit.id = transfer.credit_id
    where voucher.source = 'accounts.fundreceipt'
    group by voucher.source_id
)
select 'receipt ' || coalesce(receipt.id, moved.receipt_id) || ': its voucher says otherwise'
from accounts_fundreceipt receipt
full join moved on moved.receipt_id = receipt.id
where (receipt.state = 'posted') is distinct from (moved.receipt_id is not null)
    or (receipt.state = 'posted' and (moved.transfers, moved.amount, moved.scheme, moved.kind, moved.debit, moved.credit)
        is distinct from (
            1, receipt.amount, receipt.scheme,
            case when receipt.reverses_id is null then receipt.kind else 'reversal' end,
            case when receipt.reverses_id is null then 'bank' else 'pool' end,
            case when receipt.reverses_id is null then 'pool' else 'bank' end
        ))
order by 1
limit 1
