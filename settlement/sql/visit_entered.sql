-- One visit, as a batch of its own with one chunk; the numbers of all three.
with batch as (
    insert into settlement_visitbatch (kind, scheme, reason, origin, by_id, at, rows, settled_at)
    values (
        %(kind)s, %(scheme)s, %(reason)s, 'page', %(by)s, %(entered_at)s::timestamptz, 1,
        %(settled_at)s::timestamptz
    )
    returning id, settled_at
),
visit as (
    insert into settlement_visit (
        batch_id, row, scheme, facility_id, person_id, prescriber_id, bill, at, category, total, full_self_paid,
        over_price, prior_self_paid, eligible, diagnosis_fee, consultation_fee, examination_fee, disease, drug,
        referred, emergency, admitted, gate, asked, resembles, reverses_id, reversed_by_id
    )
    values (
        (select id from batch), %(row)s, %(scheme)s, %(facility_id)s, %(person_id)s, %(prescriber_id)s, %(bill)s,
        %(at)s, %(category)s, %(total)s, %(full_self_paid)s, %(over_price)s, %(prior_self_paid)s, %(eligible)s,
        %(diagnosis_fee)s, %(consultation_fee)s, %(examination_fee)s, %(disease)s, %(drug)s, %(referred)s,
        %(emergency)s, %(admitted)s, %(gate)s, %(asked)s, %(resembles)s, %(reverses_id)s, %(reversed_by_id)s
    )
    returning id, batch_id
),
chunk as (
    insert into settlement_visitchunk (batch_id, number, visits, rows, totals, settled_at)
    select batch_id, 1, int8multirange(int8range(visit.id, visit.id, '[]')), 1, '{}', batch.settled_at
    from visit, batch
    returning id
)
select batch.id, visit.id, chunk.id from batch, visit, chunk
