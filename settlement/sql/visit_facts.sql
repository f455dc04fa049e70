-- The facts of a chunk's visits by the records, each person's in order of time: what the gates and the terms go by
-- (reading 10), and what the adjudicator counts. Visits settled before are left out, but for those on hold.
with outcome as materialized (
    select settled.visit_id, settled.state
    from unnest(%(visits)s::int8multirange) as stretch (numbers)
    cross join lateral (
        select visit_id, state from settlement_visitoutcome
        where visit_id >= lower(stretch.numbers) and visit_id < upper(stretch.numbers)
        offset 0
    ) settled
),
part as materialized (
    select
        visit.*,
        (visit.at at time zone 'Asia/Shanghai')::date as day,
        date_trunc('month', visit.at at time zone 'Asia/Shanghai')::date as month
    from unnest(%(visits)s::int8multirange) as stretch (numbers)
    -- By their indexes, however few rows the planner expects of the whole tables.
    cross join lateral (
        select * from settlement_visit
        where id >= lower(stretch.numbers) and id < upper(stretch.numbers)
        offset 0
    ) visit
    left join outcome on outcome.visit_id = visit.id
    where outcome.visit_id is null or outcome.state = 'held' and visit.reversed_by_id is null
),
-- The facilities by month: few beside their visits, and looked up one by one, so that a single visit reads of
-- them no more than its own. A station's money is its parent's.
asked as materialized (
    select facility_id, month from part
    union
    select prescriber_id, month from part where prescriber_id is not null
),
contracted as materialized (
    select
        facility_id,
        range_agg(days) filter (where kind = 'outpatient') as outpatient,
        range_agg(days) filter (where kind in ('outpatient', 'chronic')) as certified,
        range_agg(days) filter (where kind in ('outpatient', 'account')) as accounts
    from (select distinct facility_id from asked) wanted
    cross join lateral (
        select kind, days from facilities_contracted where facility_id = wanted.facility_id offset 0
    ) contracted
    group by facility_id
),
found as (
    select
        asked.facility_id, asked.month, placed.contractor_id, facility.closed_on, facility.county_id is not null as here,
        case when placed.level = 'ungraded' then 'primary' else placed.level end as level,
        facility.kind = 'village_station' as station,
        contracted.outpatient, contracted.certified, contracted.accounts
    from asked
    join facilities_facility facility on facility.id = asked.facility_id
    cross join lateral (
        select * from facilities_placed placed where placed.facility_id = asked.facility_id offset 0
    ) placed
    left join contracted on contracted.facility_id = asked.facility_id
    where placed.days @> asked.month
),
-- As a list of which the planner knows nothing: of the query it expects one row, and would read all of them for
-- every visit.
place as materialized (
    select *
    from jsonb_to_recordset((select jsonb_agg(found) from found)) as place (
        facility_id bigint, month date, contractor_id bigint, closed_on date, here boolean, level text,
        station boolean, outpatient datemultirange, certified datemultirange, accounts datemultirange
    )
),
known as materialized (
    select
        part.*,
        person.birth_date, person.died_on, place.contractor_id, place.here,
        coalesce(physical.level, place.level) as level, coalesce(physical.station, place.station) as station,
        spell.status,
        case
            when place.here
                then coalesce(case when part.category = 'certified' then place.certified else place.outpatient end @> part.day, false)
            else coalesce(place.closed_on > part.day, true)
        end as contracted,
        case
            when place.here then coalesce(place.accounts @> part.day, false)
            else coalesce(place.closed_on > part.day, true)
        end as accounts_contracted
    from part
    join insured_person person on person.id = part.person_id
    join place on place.facility_id = part.facility_id and place.month = part.month
    left join lateral (
        select level, station
        from place
        where part.prescriber_id is not null and facility_id = part.prescriber_id and month = part.month
        offset 0
    ) physical on true
    -- Spells of a scheme never overlap: the last that has begun is the only one that may not have ended.
    left join lateral (
        select status, last_month
        from insured_enrolment
        where person_id = part.person_id and scheme = part.scheme and first_month <= part.month
        order by first_month desc
        limit 1
    ) spell
        on coalesce(spell.last_month, 'infinity') >= part.month
        and coalesce(person.died_on, 'infinity') >= part.day
)
select
    known.id, known.person_id, date_part('year', known.day), known.total, known.eligible, known.consultation_fee,
    known.diagnosis_fee, known.asked, known.drug, known.reverses_id, known.contractor_id,
    known.day,
    coalesce(
        case known.category when 'certified' then coalesce(treated.kind, 'chronic') when 'pharmacy' then 'outpatient' end,
        known.category
    ),
    known.disease, known.gate, known.emergency, known.admitted, known.category = 'pharmacy',
    known.accounts_contracted, known.level, known.station,
    case when known.here then 'local' when filing.filed then 'filed' else 'unfiled' end,
    coalesce(known.status, ''),
    coalesce(chosen.here, false),
    chosen.first_month,
    coalesce(referral.referred, false),
    coalesce(absent.newborn, false),
    coalesce(treated.codes, ''),
    concat_ws(
        ',',
        case
            when known.status is null and absent.suspended then 'suspended'
            when known.status is null then 'not_insured'
        end,
        case when not known.contracted then 'facility_not_contracted' end
    ),
    case when %(aged)s then known.birth_date end
from known
-- The first selection of the year, and whether the facility is one of those selected in the month.
left join lateral (
    select
        bool_or(choice.facility_id = known.facility_id and choice.last_month >= known.month) as here,
        date_part('month', min(choice.first_month)) as first_month
    from insured_selection choice
    where %(selected)s and choice.person_id = known.person_id
        and choice.first_month between date_trunc('year', known.day) and known.month
) chosen on true
-- Referred to this facility, or out of the city.
left join lateral (
    select true as referred
    from insured_referral referral
    where %(selected)s and chosen.here is not true and referral.person_id = known.person_id
        and known.day between referral.issued_on and referral.valid_until
        and (referral.to_facility_id = known.facility_id or not known.here and referral.to_facility_id is null)
    limit 1
) referral on true
left join lateral (
    select true as filed
    from insured_filing filing
    where not known.here and filing.person_id = known.person_id and filing.first_day <= known.day
        and coalesce(filing.last_day, 'infinity') >= known.day
    limit 1
) filing on true
left join lateral (
    select
        string_agg(distinct disease.code, ',' order by disease.code) as codes,
        max(disease.kind) filter (where disease.code = known.disease) as kind
    from insured_certifieddisease disease
    where known.category = 'certified' and disease.person_id = known.person_id and disease.first_day <= known.day
        and coalesce(disease.last_day, 'infinity') >= known.day
) treated on true
-- Of who is not insured: whether by a suspension, and whether a newborn enrolled in time (8(1)).
left join lateral (
    select
        (
            select change.kind = 'suspended'
            from insured_personchange change
            where change.person_id = known.person_id and change.first_month <= known.month
                and change.kind not in ('undone', 'merged')
                and not exists (select from insured_personchange undoing where undoing.undoes_id = change.id)
            order by change.first_month desc, change.id desc
            limit 1
        ) as suspended,
        (
            select min(spell.first_month) between known.month and (known.birth_date + %(enrol_within)s::interval)
            from insured_enrolment spell
            where spell.person_id = known.person_id and spell.scheme = known.scheme
        ) and known.day >= known.birth_date as newborn
    where known.status is null
    offset 0
) absent on true
order by known.person_id, known.at, known.row, known.id
