-- The refunds of a batch's visits that can be taken back, entered as visits of another batch, in chunks of whole
-- people, each person's in order of time; a bill that was taken back before is numbered. Gives how many.
with standing as materialized (
    select visit.*
    from settlement_visit visit
    where visit.id >= %(first)s and visit.id < %(after)s and visit.batch_id = %(batch)s
        and visit.reverses_id is null and visit.reversed_by_id is null
    order by visit.id
    for no key update
),
settled as (
    select standing.*
    from standing
    join settlement_visitoutcome outcome on outcome.visit_id = standing.id
),
numbered as materialized (
    select nextval(pg_get_serial_sequence('settlement_visit', 'id')) as refund_id, placed.*
    from (
        select ordered.*, 1 + (min(place) over (partition by person_id) - 1) / %(size)s as chunk
        from (select settled.*, row_number() over (order by person_id, at, id) as place from settled) ordered
        order by place
    ) placed
),
entered as (
    insert into settlement_visit (
        id, batch_id, scheme, facility_id, person_id, prescriber_id, bill, at, category,
        total, full_self_paid, over_price, prior_self_paid, eligible, diagnosis_fee, consultation_fee,
        examination_fee, disease, drug, referred, emergency, admitted, gate, resembles, reverses_id
    )
    select
        refund_id, %(refund)s, scheme, facility_id, person_id, prescriber_id,
        left(bill, 40 - length(mark)) || mark, now(), category,
        -total, -full_self_paid, -over_price, -prior_self_paid, -eligible, -diagnosis_fee, -consultation_fee,
        -examination_fee, disease, drug, false, false, false, '', false, id
    from numbered
    cross join lateral (
        select '-R' || case when count(*) > 0 then (count(*) + 1)::text else '' end as mark
        from settlement_visit earlier
        where earlier.facility_id = numbered.facility_id and earlier.bill = numbered.bill
            and earlier.reversed_by_id is not null
    ) again
),
marked as (
    update settlement_visit original
    set reversed_by_id = numbered.refund_id
    from numbered
    where original.id = numbered.id
),
chunks as (
    insert into settlement_visitchunk (batch_id, number, visits, rows, totals)
    select %(refund)s, chunk, range_agg(int8range(refund_id, refund_id, '[]')), count(*), '{}'
    from numbered
    group by chunk
    order by chunk
)
select count(*) from numbered
