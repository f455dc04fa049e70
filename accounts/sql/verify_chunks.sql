-- Posted chunks whose transfers no longer give the digest taken when they were posted. Chunks of a release before
-- digests told kinds and months are looked at as they were taken.
with posted as (
    select
        run_id, chunk, count(*) as rows,
        accounts_posted_digest(
            encode(sha256(convert_to(string_agg(
                @accounts/transfer_text, e'\n'
                order by credit_id, debit_id, covers, amount, kind, attempt, reverses_id
            ), 'utf8')), 'hex'),
            min(month), max(month), min(created_at), max(created_at)
        ) as digest
    from accounts_transfer
    where run_id is not null
    group by run_id, chunk
)
select
    'run ' || coalesce(chunk.run_id, posted.run_id) || ', chunk ' || coalesce(chunk.number, posted.chunk)
    || ': ' || coalesce(posted.rows, 0) || ' transfers do not match the digest of ' || coalesce(chunk.rows, 0),
    coalesce(chunk.run_id, posted.run_id), coalesce(chunk.number, posted.chunk)
from office_runchunk chunk
join office_run run on run.id = chunk.run_id and run.kind <> 'carry_over'
    and not exists (select from office_run origin where origin.id = run.reverses_id and origin.kind = 'carry_over')
full join posted on posted.run_id = chunk.run_id and posted.chunk = chunk.number
where coalesce(chunk.posted_digest, '') <> coalesce(posted.digest, '')
    and coalesce(chunk.posted_digest, '') is distinct from (
        select encode(sha256(convert_to(string_agg(
            debit_id || ' ' || credit_id || ' ' || amount || ' ' || covers, e'\n'
            order by credit_id, debit_id, covers, amount
        ), 'utf8')), 'hex')
        from accounts_transfer
        where run_id = chunk.run_id and chunk = chunk.number
    )
order by 2, 3
limit 1
