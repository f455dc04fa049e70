-- Vouchers that are not what their transfers are, and transfers without their voucher.
with moved as (
    select
        voucher_id, min(id) as first_transfer, count(*) as rows, sum(amount) as amount,
        min(created_at) as first_at, max(created_at) as last_at, bool_or(attempt <> 0 or chunk is not null) as odd,
        encode(sha256(convert_to(string_agg(
            concat_ws(' ', debit_id, credit_id, amount, kind, covers, coalesce(reverses_id, 0)), e'\n'
            order by credit_id, debit_id, kind, covers, amount, reverses_id
        ), 'utf8')), 'hex') as digest
    from accounts_transfer
    where voucher_id is not null
    group by voucher_id
)
select 'voucher ' || coalesce(voucher.id, moved.voucher_id)
    || case
        when voucher.id is null then ' is not there: transfer ' || moved.first_transfer
        when moved.rows is null then ': its transfers are not there'
        when moved.digest <> voucher.digest then ': its transfers (first ' || moved.first_transfer || ') do not match its digest'
        else ': it says ' || voucher.rows || ' rows, ' || voucher.amount || ', of ' || voucher.posted_at || '; its transfers (first '
            || moved.first_transfer || ') say otherwise'
    end
from accounts_voucher voucher
full join moved on moved.voucher_id = voucher.id
where voucher.id is null or moved.rows is null or moved.digest <> voucher.digest or moved.odd
    or (moved.rows, moved.amount, moved.first_at, moved.last_at)
        <> (voucher.rows, voucher.amount, voucher.posted_at, voucher.posted_at)
order by coalesce(voucher.id, moved.voucher_id)
limit 1
