-- What the bank has paid, as vouchers of at most 5 000 transfers of one bank file and accounting month.
with line as materialized (
    select
        accepted.*, bank.account_id as bank_account_id,
        (row_number() over (partition by scheme, posted_in, bank_file_id order by order_id) - 1) / 5000 as part
    from accepted
    join (
        select scheme, accounts_open('bank', scheme, null, null, null) as account_id
        from (select distinct scheme from accepted where result = 'paid') schemes
    ) bank using (scheme)
    where result = 'paid'
)
select accounts_post(
    scheme, posted_in, 'settlement.bankfile', bank_file_id,
    array_agg(account_id order by order_id),
    array_agg(bank_account_id order by order_id),
    array_agg(order_amount order by order_id),
    array_agg('payment'::text),
    array_agg(month order by order_id),
    array_agg(null::bigint)
)
from line
group by scheme, posted_in, bank_file_id, part
order by scheme, posted_in, bank_file_id, part
