-- One voucher of many moves, by their columns; its number.
select accounts_post(
    %(scheme)s, %(month)s::date, %(source)s, %(source_id)s::bigint, %(debits)s::bigint[], %(credits)s::bigint[],
    %(amounts)s::numeric[], %(kinds)s::text[], %(covered)s::date[], %(reversed)s::bigint[]
)
