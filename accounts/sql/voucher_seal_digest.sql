-- What a seal covers: every column of the vouchers after `after` up to `last`, on top of the seal before.
select
    count(*),
    encode(sha256(convert_to(%(previous)s || e'\n' || coalesce(string_agg(
        concat_ws(
            ' ', id, scheme, month, source, source_id, rows, amount, digest, coalesce(posted_by_id, 0), origin,
            extract(epoch from posted_at)
        ), e'\n' order by id
    ), ''), 'utf8')), 'hex')
from accounts_voucher
where id > %(after)s and id <= %(last)s
