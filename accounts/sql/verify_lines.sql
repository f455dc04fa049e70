-- Chunks of posted runs whose lines are no longer those that were approved; each chunk's lines are read by themselves,
-- as `verify_chunks` reads its transfers.
with line as (
    select
        run_id, chunk, count(*) as rows, sum(amount) as amount, min(id) as first_line, max(id) as last_line
    from accounts_runline
    group by run_id, chunk
)
select
    'run ' || chunk.run_id || ', chunk ' || chunk.number || ': its lines are not those that were approved',
    chunk.run_id, chunk.number
from office_runchunk chunk
join office_run run on run.id = chunk.run_id and run.kind <> 'carry_over' and run.seal <> ''
    and not exists (select from office_run origin where origin.id = run.reverses_id and origin.kind = 'carry_over')
left join line on line.run_id = chunk.run_id and line.chunk = chunk.number
left join lateral (
    select encode(sha256(convert_to(string_agg(
        @accounts/transfer_text, e'\n'
        order by credit_id, debit_id, covers, amount, kind, attempt, reverses_id
    ), 'utf8')), 'hex') as digest
    from accounts_runline
    where run_id = line.run_id and chunk = line.chunk and id between line.first_line and line.last_line
) as taken on true
where case
    when (chunk.rows, chunk.amount, chunk.first_line, chunk.last_line)
        is distinct from (line.rows, line.amount, line.first_line, line.last_line) then true
    when chunk.digest = taken.digest then false
    else chunk.digest is distinct from (
        select encode(sha256(convert_to(string_agg(
            debit_id || ' ' || credit_id || ' ' || amount || ' ' || covers, e'\n'
            order by credit_id, debit_id, covers, amount
        ), 'utf8')), 'hex')
        from accounts_runline
        where run_id = chunk.run_id and chunk = chunk.number
    )
end
order by 2, 3
limit 1
