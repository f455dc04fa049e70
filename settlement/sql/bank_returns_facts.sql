-- What each row of a bank's return file meets: the order, the file it went in, and other rows for it.
create temporary table facts on commit drop as
with met as materialized (
    select
        line.number, line.order_number, line.result, line.failure, line.paid_on, line.amount,
        line.problems, line.notices,
        payment.id as order_id, payment.state, payment.amount as order_amount, payment.paid_on as old_paid_on,
        payment.account_id, payment.scheme, payment.month, payment.bank_file_id, county.code as county_code,
        file.taken_at is not null as taken,
        (file.taken_at at time zone 'Asia/Shanghai')::date as taken_on,
        case when count(*) over same > 1
            then min(line.number) over same || ', ' || max(line.number) over same
        end as twice
    from typed line
    left join settlement_paymentorder payment on payment.number = line.order_number
    left join settlement_bankfile file on file.id = payment.bank_file_id
    left join office_county county on county.id = payment.county_id
    window same as (partition by line.order_number)
)
select
    met.*,
    true as is_new,
    order_number as key, null::text as relies_on,
    coalesce(paid_on, %(today)s::date) as day,
    greatest(date_trunc('month', coalesce(paid_on, %(today)s::date))::date, %(first_open)s::date) as posted_in
from met
