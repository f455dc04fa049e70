-- The transfers of one chunk, exactly as its lines say, and their digest computed from what was inserted.
with posted as (
    insert into accounts_transfer
        (debit_id, credit_id, amount, kind, month, covers, attempt, run_id, chunk, reverses_id, created_at)
    select debit_id, credit_id, amount, kind, %(month)s, covers, %(attempt)s, run_id, chunk, reverses_id, now()
    from accounts_runline
    where run_id = %(run)s and chunk = %(chunk)s
    order by id
    returning debit_id, credit_id, amount, covers
)
select encode(sha256(convert_to(coalesce(string_agg(
    debit_id || ' ' || credit_id || ' ' || amount || ' ' || covers, e'\n' order by credit_id, debit_id, covers, amount
), ''), 'utf8')), 'hex')
from posted
