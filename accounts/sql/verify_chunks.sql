-- Posted chunks whose transfers no longer give the digest taken when they were posted, and transfers of no chunk.
-- Chunks of a release before digests told kinds and months are looked at as they were taken. Each chunk's transfers
-- are read by themselves: they lie together, and sorting those of all chunks at once goes to disk.
with posted as (
    select run_id, chunk, count(*) as rows, min(id) as first_transfer, max(id) as last_transfer
    from accounts_transfer
    where run_id is not null
    group by run_id, chunk
),
known as (
    select chunk.run_id, chunk.number, chunk.rows, chunk.posted_digest
    from office_runchunk chunk
    join office_run run on run.id = chunk.run_id and run.kind <> 'carry_over'
        and not exists (select from office_run origin where origin.id = run.reverses_id and origin.kind = 'carry_over')
)
select
    'run ' || coalesce(known.run_id, posted.run_id) || ', chunk ' || coalesce(known.number, posted.chunk)
    || ': ' || coalesce(posted.rows, 0) || ' transfers do not match the digest of ' || coalesce(known.rows, 0),
    coalesce(known.run_id, posted.run_id), coalesce(known.number, posted.chunk)
from known
full join posted on posted.run_id = known.run_id and posted.chunk = known.number
left join lateral (
    select accounts_posted_digest(
        encode(sha256(convert_to(string_agg(
            @accounts/transfer_text, e'\n'
            order by credit_id, debit_id, covers, amount, kind, attempt, reverses_id
        ), 'utf8')), 'hex'),
        min(month), max(month), min(created_at), max(created_at)
    ) as digest
    from accounts_transfer
    where run_id = posted.run_id and chunk = posted.chunk and id between posted.first_transfer and posted.last_transfer
) as taken on known.number is not null
-- In this order: the older form is taken of no chunk that its digest tells.
where case
    when known.number is null then true
    when known.posted_digest = coalesce(taken.digest, '') then false
    else known.posted_digest is distinct from (
        select encode(sha256(convert_to(string_agg(
            debit_id || ' ' || credit_id || ' ' || amount || ' ' || covers, e'\n'
            order by credit_id, debit_id, covers, amount
        ), 'utf8')), 'hex')
        from accounts_transfer
        where run_id = known.run_id and chunk = known.number
    )
end
order by 2, 3
limit 1
