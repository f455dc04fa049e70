-- A year's interest of every personal account by the product method (policies/interest.py, whose results these
-- are): balance × days × rate is, for each movement, amount × the rates of all days it counts, so that one sum
-- over the year's movements gives an account's products. `current_year` and `carried_over` are, for each day,
-- the rates still to come of the year: of money of the year, and by how much more of money carried over.
with rate as (
    select *
    from unnest(%(days)s::date[], %(current_year)s::bigint[], %(carried_over)s::bigint[])
        as rate (day, current_year, carried_over)
),
-- Interest to the day was paid when an account was closed.
closed as (
    select paid.credit_id as account_id, max(@accounts/transfer_day) as day
    from accounts_transfer paid
    where paid.kind = 'closing_interest' and paid.month >= %(first)s
        and not exists (select from accounts_transfer back where back.reverses_id = paid.id)
    group by paid.credit_id
),
movement as not materialized (
    select credit_id as account_id, @accounts/transfer_day as day, (amount * 100)::bigint as amount, kind
    from accounts_transfer
    where month >= %(first)s
    union all
    select debit_id, @accounts/transfer_day, -(amount * 100)::bigint, kind
    from accounts_transfer
    where month >= %(first)s and kind <> 'credit'
),
moved as (
    select
        movement.account_id, sum(movement.amount)::bigint as amount,
        coalesce(sum(movement.amount * rate.current_year), 0) as products,
        bool_or(movement.amount < 0 and movement.day <= %(last)s) as falls
    from movement
    left join closed on closed.account_id = movement.account_id
    left join rate on rate.day = greatest(movement.day, closed.day)
    group by movement.account_id
),
account as (
    select
        account.id, account.person_id,
        (account.balance * 100)::bigint - coalesce(moved.amount, 0) as opening,
        coalesce(moved.products, 0) as products,
        coalesce(moved.falls, false) as falls,
        greatest(%(first)s, closed.day) as first_day
    from accounts_account account
    left join moved on moved.account_id = account.id
    left join closed on closed.account_id = account.id
    where account.kind = 'person' and account.scheme = %(scheme)s and account.closed_on is null
),
-- What is left of the money carried over changes where something was taken: there it is followed day by day.
falling_day as (
    select account_id, day, sum(amount)::bigint as amount, sum(spent)::bigint as spent
    from (
        select
            movement.account_id, movement.day, movement.amount,
            case
                when movement.amount < 0 and movement.kind <> 'reversal' then -movement.amount
                when movement.amount > 0 and movement.kind in ('reversal', 'refund') then -movement.amount
                else 0
            end as spent
        from movement
        join account on account.id = movement.account_id and account.falls
        where movement.day <= %(last)s
        union all
        select id, %(first)s, 0, 0 from account where falls
    ) as movements
    group by account_id, day
),
so_far as (
    select
        account.id, account.opening, account.first_day, falling_day.day,
        account.opening + sum(falling_day.amount) over passed as balance,
        sum(falling_day.spent) over passed as spent,
        lead(falling_day.day, 1, %(last)s + 1) over passed as next_day
    from falling_day
    join account on account.id = falling_day.account_id and account.falls
    window passed as (partition by account.id order by falling_day.day)
),
left_over as (
    select
        id, first_day, day, next_day,
        greatest(0, case %(taken_first)s
            when 'current_year' then least(opening, min(balance) over (partition by id order by day))
            else least(opening, balance, opening - spent)
        end) as carried_over
    from so_far
),
followed as (
    select left_over.id, sum(left_over.carried_over * (since.carried_over - coalesce(until.carried_over, 0))) as products
    from left_over
    join rate since on since.day = greatest(left_over.day, left_over.first_day)
    left join rate until on until.day = greatest(left_over.next_day, left_over.first_day)
    group by left_over.id
),
interest as (
    select
        account.id, account.person_id,
        div(2 * (
            account.products + account.opening * coalesce(rate.current_year, 0)
            + case when account.falls then coalesce(followed.products, 0)
                else account.opening * coalesce(rate.carried_over, 0) end
        ) + %(one_fen)s, 2 * %(one_fen)s::numeric) / 100 as amount
    from account
    left join rate on rate.day = account.first_day
    left join followed on followed.id = account.id
)
insert into accounts_runline (run_id, chunk, debit_id, credit_id, amount, kind, covers, county_id)
select
    %(run)s, interest.person_id / %(chunk_size)s, %(interest)s, interest.id, interest.amount, 'interest', %(covers)s,
    person.county_id
from interest
join insured_person person on person.id = interest.person_id
where interest.amount > 0
order by interest.person_id
