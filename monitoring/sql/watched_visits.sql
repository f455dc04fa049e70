-- The visits of a month that stand: not taken back, no receipts of claims, at facilities of the city.
select
    visit.id, visit.facility_id, visit.person_id, visit.at, visit.category, visit.total,
    visit.full_self_paid, visit.examination_fee, visit.referred,
    (visit.at at time zone 'Asia/Shanghai')::date as day
from settlement_visit visit
join facilities_facility facility on facility.id = visit.facility_id and facility.county_id is not null
where visit.at >= %(month)s::date::timestamp at time zone 'Asia/Shanghai'
  and visit.at < (%(month)s::date + interval '1 month') at time zone 'Asia/Shanghai'
  and visit.reverses_id is null and visit.reversed_by_id is null
  and not exists (
      select from settlement_visitbatch batch where batch.id = visit.batch_id and batch.kind = 'claim'
  )
