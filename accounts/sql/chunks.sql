-- A run's chunks: where their lines stand (they were entered chunk by chunk), and the digest that binds what
-- is posted to what was computed and reviewed.
insert into office_runchunk (run_id, number, rows, amount, first_line, last_line, digest, posted_digest)
select
    run_id,
    chunk,
    count(*),
    sum(amount),
    min(id),
    max(id),
    encode(sha256(convert_to(string_agg(
        @accounts/transfer_text, e'\n'
        order by credit_id, debit_id, covers, amount, kind, attempt, reverses_id
    ), 'utf8')), 'hex'),
    ''
from accounts_runline
where run_id = %(run)s
group by run_id, chunk
