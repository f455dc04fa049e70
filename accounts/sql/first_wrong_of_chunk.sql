-- The first transfer or line of a chunk without its like on the other side; or else the first that was posted at
-- another moment, or in another month, than most of the chunk.
with line as (
    select *, row_number() over (partition by debit_id, credit_id, covers, kind order by id) as place
    from accounts_runline
    where run_id = %(run)s and chunk = %(chunk)s
),
posted as (
    select *, row_number() over (partition by debit_id, credit_id, covers, kind order by id) as place
    from accounts_transfer
    where run_id = %(run)s and chunk = %(chunk)s and kind <> 'recovery'
),
most as (
    select mode() within group (order by month) as month, mode() within group (order by created_at) as created_at
    from posted
),
found as (
    select coalesce('transfer ' || posted.id, 'line ' || line.id) as row, 1 as rank, posted.id as transfer, line.id as line
    from posted
    full join line on (line.debit_id, line.credit_id, line.amount, line.covers, line.kind, line.attempt, line.place)
        = (posted.debit_id, posted.credit_id, posted.amount, posted.covers, posted.kind, posted.attempt, posted.place)
        and coalesce(line.reverses_id, 0) = coalesce(posted.reverses_id, 0)
    where posted.id is null or line.id is null
    union all
    select 'transfer ' || posted.id, 2, posted.id, null
    from posted
    cross join most
    where (posted.month, posted.created_at) <> (most.month, most.created_at)
)
select row from found order by rank, transfer nulls last, line limit 1
