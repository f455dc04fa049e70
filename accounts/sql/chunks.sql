-- A run's chunks: where their lines stand (they were entered chunk by chunk), and the digest that binds what
-- is posted to what was computed and reviewed. Each chunk's lines are read by themselves, which keeps their sorting
-- in memory.
insert into office_runchunk (run_id, number, rows, amount, first_line, last_line, digest, posted_digest)
select %(run)s, chunk.number, chunk.rows, chunk.amount, chunk.first_line, chunk.last_line, taken.digest, ''
from (
    select chunk as number, count(*) as rows, sum(amount) as amount, min(id) as first_line, max(id) as last_line
    from accounts_runline
    where run_id = %(run)s
    group by chunk
) as chunk
cross join lateral (
    select encode(sha256(convert_to(string_agg(
        @accounts/transfer_text, e'\n'
        order by credit_id, debit_id, covers, amount, kind, attempt, reverses_id
    ), 'utf8')), 'hex') as digest
    from accounts_runline
    where run_id = %(run)s and chunk = chunk.number and id between chunk.first_line and chunk.last_line
) as taken
