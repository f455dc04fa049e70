-- What accounts pay of each use of the file: one voucher each, in the order of the rows.
with share as materialized (
    select
        accepted.number, use.id as use_id, share.place,
        (share.told ->> 'account')::bigint as debit,
        case when payee = 'premiums' then accounts_open('premiums', %(scheme)s, null, null, null)
            else accounts_open('payable', %(scheme)s, null, accepted.facility_id, null) end as credit,
        (share.told ->> 'amount')::numeric as amount,
        case
            when payee = 'premiums' then 'premium'
            when share.told ->> 'relation' = 'self' then 'spending'
            else 'family'
        end as kind
    from accepted
    join accounts_accountuse use
        on use.bill_number = accepted.bill_number and use.purpose = accepted.purpose_code and use.scheme = %(scheme)s
        and use.facility_id is not distinct from accepted.facility_id
    cross join jsonb_array_elements(accepted.shares) with ordinality as share (told, place)
),
moves as materialized (
    select
        number, use_id, array_agg(debit order by place) as debits, array_agg(credit order by place) as credits,
        array_agg(amount order by place) as amounts, array_agg(kind order by place) as kinds,
        array_agg(%(month)s::date) as covered, array_agg(null::bigint) as reversed
    from share
    group by number, use_id
    order by number
),
posted as materialized (
    select
        use_id,
        accounts_post(
            %(scheme)s, %(month)s::date, 'accounts.accountuse', use_id, debits, credits, amounts, kinds, covered, reversed
        ) as voucher_id
    from moves
)
update accounts_accountuse use
set voucher_id = posted.voucher_id
from posted
where use.id = posted.use_id
