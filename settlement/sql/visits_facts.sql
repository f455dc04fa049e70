-- What each row of a file of visits meets: person, facilities, the same bill or one like it, what a refund takes back.
-- Visits on record are looked up row by row, by their indexes: `limit` keeps the planner, whose statistics may be
-- older than last month's file, from joining all of them with all rows.
create temporary table facts on commit drop as
with known as materialized (
    select
        line.*,
        person.people, case when person.people = 1 then person.id end as person_id,
        facility.id as facility_id, facility.county_id as facility_county_id, county.code as county_code,
        prescriber.id as prescriber_id,
        count(*) over same_bill as rows_of_bill, string_agg(line.number::text, ', ') over same_bill as bill_listed,
        count(*) over same_original as rows_of_original,
        string_agg(line.number::text, ', ') over same_original as original_listed,
        count(*) over alike as rows_alike, string_agg(line.number::text, ', ') over alike as alike_listed
    from typed line
    left join lateral (
        select count(*) as people, min(id) as id
        from insured_person
        where insured_person.document_index = line.document_index and merged_into_id is null
    ) person on true
    left join facilities_facility facility on facility.code = line.facility_code
    left join office_county county on county.id = facility.county_id
    left join facilities_facility prescriber on prescriber.code = line.prescriber_code
    window
        same_bill as (partition by line.facility_code, line.bill),
        same_original as (partition by line.facility_code, line.original_bill),
        alike as (partition by line.document_index, line.at, line.total, line.original_bill is null)
),
-- A person's scheme in the month of the visit, or else the last one there was.
schemed as materialized (
    select
        known.*,
        coalesce(
            (
                select spell.scheme
                from insured_enrolment spell
                where spell.person_id = known.person_id and spell.scheme = any (%(schemes)s)
                order by
                    daterange(spell.first_month, (spell.last_month + interval '1 month')::date)
                        @> (known.at at time zone 'Asia/Shanghai')::date desc,
                    spell.first_month desc
                limit 1
            ),
            (%(schemes)s::text[])[1]
        ) as scheme
    from known
)
select
    schemed.*,
    true as is_new,
    schemed.facility_code || ' ' || schemed.bill as key,
    schemed.facility_code || ' ' || schemed.original_bill as relies_on,
    case when schemed.rows_of_bill > 1 then schemed.bill_listed end as same_bill,
    case when schemed.original_bill is not null and schemed.rows_of_original > 1 then schemed.original_listed end as same_original,
    same.at as bill_on_record,
    case
        when schemed.original_bill is not null then null
        when schemed.rows_alike > 1 then schemed.alike_listed
        else alike.bill
    end as resembles,
    coalesce(original.at, original_here.at) as original_at,
    coalesce(original.total, original_here.total) as original_total,
    coalesce(original.person_id, original_here.person_id) as original_person_id,
    original.id as original_id,
    original.id is not null and not original.settled as original_unsettled,
    coalesce(referred_on_record, false) as referral_on_record
from schemed
left join lateral (
    select (visit.at at time zone 'Asia/Shanghai')::date as at
    from settlement_visit visit
    where visit.facility_id = schemed.facility_id and visit.bill = schemed.bill and visit.reversed_by_id is null
    limit 1
) same on true
left join lateral (
    select visit.bill
    from settlement_visit visit
    where schemed.original_bill is null and visit.person_id = schemed.person_id and visit.at = schemed.at
        and visit.total = schemed.total * 100 and visit.reversed_by_id is null
    limit 1
) alike on true
left join lateral (
    select
        visit.id, visit.at, visit.total / 100.0 as total, visit.person_id,
        exists (select from settlement_visitoutcome outcome where outcome.visit_id = visit.id) as settled
    from settlement_visit visit
    where visit.facility_id = schemed.facility_id and visit.bill = schemed.original_bill
        and visit.reversed_by_id is null and visit.reverses_id is null
        -- What somebody claimed for a receipt is no facility's to take back.
        and not exists (select from settlement_claimreceipt receipt where receipt.visit_id = visit.id)
    limit 1
) original on true
left join schemed original_here
    on original.id is null and original_here.facility_code = schemed.facility_code
    and original_here.bill = schemed.original_bill and original_here.original_bill is null
    and original_here.rows_of_bill = 1
left join lateral (
    select true as referred_on_record
    from insured_referral referral
    where schemed.referred = 't' and referral.person_id = schemed.person_id
        and (schemed.at at time zone 'Asia/Shanghai')::date between referral.issued_on and referral.valid_until
    limit 1
) referral on true
