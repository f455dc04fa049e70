-- The visits of the file, in 分; a refund has the negative amounts of what it takes back.
insert into settlement_visit (
    id, batch_id, row, scheme, facility_id, person_id, prescriber_id, bill, at, category,
    total, full_self_paid, over_price, prior_self_paid, eligible, diagnosis_fee, consultation_fee, examination_fee,
    disease, drug, referred, emergency, admitted, gate, asked, resembles, reverses_id
)
select
    numbered.id, numbered.batch_id, accepted.number, scheme, facility_id, person_id, prescriber_id, accepted.bill, at,
    category, sign * total, sign * full_self_paid, sign * over_price, sign * prior_self_paid, sign * eligible,
    sign * diagnosis_fee, sign * consultation_fee, sign * examination_fee,
    coalesce(disease, ''), coalesce(drug, ''), referred::boolean, emergency::boolean, admitted::boolean,
    coalesce(gate, ''), case when original_bill is null then asked * 100 end, resembles is not null,
    coalesce(original_id, original.id)
from accepted
join visits_numbered numbered using (number)
left join visits_numbered original
    on accepted.original_bill is not null and accepted.original_id is null
    and original.facility_code = accepted.facility_code and original.bill = accepted.original_bill
cross join lateral (select case when original_bill is null then 100 else -100 end) turned (sign)
order by numbered.id
