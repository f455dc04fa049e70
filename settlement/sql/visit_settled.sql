-- What came of a single visit: its outcome, the counters as it left them, the voucher of what accounts pay, and the
-- chunk it was settled in; the voucher's number.
with posted as (
    select accounts_post(
        %(scheme)s, @office/month_to_post, 'settlement.visitbatch', %(batch)s::bigint, %(debits)s::bigint[],
        %(credits)s::bigint[], %(amounts)s::numeric[], %(kinds)s::text[], %(covered)s::date[],
        array_fill(null::bigint, array[cardinality(%(debits)s::bigint[])])
    ) as voucher
    where %(debits)s::bigint[] <> '{}'
),
outcome as (
    insert into settlement_visitoutcome (
        visit_id, state, reason, total, deductible, fund, over_limit, account, family_account, cash, before, delta,
        first_move, moves, chunk_id, policy_id, category, level, station, locality, status, selected, selected_month,
        referred, newborn, diseases, found, birth_date
    )
    values (
        %(visit_id)s, %(state)s, %(reason)s, %(total)s, %(deductible)s, %(fund)s, %(over_limit)s, %(account)s,
        %(family_account)s, %(cash)s, %(before)s, %(delta)s, %(first_move)s, %(moves)s, %(chunk_id)s, %(policy_id)s,
        %(category)s, %(level)s, %(station)s, %(locality)s, %(status)s, %(selected)s, %(selected_month)s,
        %(referred)s, %(newborn)s, %(diseases)s, %(found)s, %(birth_date)s
    )
),
counters as (
    update settlement_accumulator set used = %(used)s where id = %(counters)s
),
settled as (
    update settlement_visitchunk
    set voucher_id = (select voucher from posted), totals = %(totals)s
    where id = %(chunk_id)s
)
select (select voucher from posted)
