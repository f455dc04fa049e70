-- The visits that go onto statements of a month: settled, of this month or before it, on no statement yet. Each with
-- the facility it is paid to and what that gets for it, in 分. A refund goes by the visit it takes back.
create temporary table drawn on commit drop as
with place as materialized (
    select
        placed.facility_id, placed.days, placed.contractor_id, payee.county_id,
        case when payee.county_id is null then 'city' else own.office end as office
    from facilities_placed placed
    join facilities_facility payee on payee.id = placed.contractor_id
    join facilities_placed own on own.facility_id = payee.id and own.days @> %(month)s
    where (%(facility)s::bigint is null or payee.id = %(facility)s)
        and (%(counties)s::bigint[] is null or own.office = 'county' and payee.county_id = any (%(counties)s))
),
asked as (
    select
        visit.id, visit.reverses_id, outcome.fund,
        coalesce(original.facility_id, visit.facility_id) as facility_id,
        coalesce(original.batch_id, visit.batch_id) as batch_id,
        date_trunc('month', coalesce(original.at, visit.at) at time zone 'Asia/Shanghai')::date as month,
        case when visit.reverses_id is null then outcome.locality else at_first.locality end as locality,
        case when visit.reverses_id is null then outcome.selected else at_first.selected end as selected,
        case when visit.reverses_id is null then outcome.referred else at_first.referred end as referred,
        stated.in_quota as stated_in_quota
    from settlement_visit visit
    join settlement_visitoutcome outcome on outcome.visit_id = visit.id and outcome.state <> 'held'
    left join settlement_visit original on original.id = visit.reverses_id
    left join settlement_visitoutcome at_first on at_first.visit_id = original.id
    left join settlement_statementline stated on stated.visit_id = original.id and stated.live
    where visit.scheme = %(scheme)s and visit.at < %(until)s
        and visit.facility_id in (select facility_id from place)
        and not exists (
            select from settlement_statementline line where line.visit_id = visit.id and line.live
        )
)
select
    asked.id as visit_id, place.contractor_id as facility_id, place.county_id, place.office, quota.pays as in_quota,
    case
        when quota.pays then 0
        when asked.reverses_id is null then asked.fund
        else asked.fund + least(-asked.fund, settlement_taken_off(asked.reverses_id))
    end as payable
from asked
join place on place.facility_id = asked.facility_id and place.days @> asked.month
join settlement_visitbatch batch on batch.id = asked.batch_id
-- Inside a quota are the visits of those who selected the facility, and where the pack says so their referrals;
-- visits out of the city are paid by item.
cross join lateral (
    select coalesce(
        stated_in_quota,
        asked.month = any (%(capitated)s::date[]) and locality = 'local'
            and (selected or referred and %(referrals)s)
    ) as pays
) quota
-- What a person paid and claims back is paid to the person.
where batch.kind <> 'claim'
