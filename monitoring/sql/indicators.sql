-- The indicators of all facilities in a month, with the median of each level. An input that no visit brought is no
-- 0: examinations come with few visit files, nobody is signed with a tertiary hospital.
with visits as materialized (
    select watched.*, outcome.state, outcome.total as settled, outcome.fund
    from @monitoring/watched_visits watched
    left join settlement_visitoutcome outcome on outcome.visit_id = watched.id
),
signed as materialized (
    select distinct facility_id, person_id
    from insured_selection
    where first_month <= %(month)s and last_month >= %(month)s
),
seen as (
    select facility_id, person_id, count(*) as visits from visits group by facility_id, person_id
),
people as (
    select
        facility_id, count(seen.visits) as people, count(signed.person_id) as signed,
        count(*) filter (where seen.visits is not null and signed.person_id is not null) as signed_seen
    from seen
    full join signed using (facility_id, person_id)
    group by facility_id
),
sums as (
    select
        facility_id,
        count(*)::numeric as visits,
        sum(total)::numeric as total,
        sum(full_self_paid) as full_self_paid,
        nullif(sum(examination_fee), 0) as examination_fee,
        count(*) filter (where referred) as referred,
        sum(settled) filter (where state in ('paid', 'denied'))::numeric as settled,
        sum(fund) filter (where state in ('paid', 'denied')) as fund
    from visits
    group by facility_id
),
told as (
    select sums.facility_id, placed.level, each.indicator, each.value
    from sums
    join people using (facility_id)
    join facilities_placed placed on placed.facility_id = sums.facility_id and placed.days @> %(month)s::date
    cross join lateral (
        values
            ('cost_per_visit', total / visits / 100),
            ('visits_per_person', visits / people),
            ('own_share', (settled - fund) / nullif(settled, 0)),
            ('examination_share', examination_fee / nullif(total, 0)),
            ('outside_share', full_self_paid / nullif(total, 0)),
            ('visit_rate', signed_seen::numeric / nullif(signed, 0)),
            ('referral_rate', referred / visits)
    ) each (indicator, value)
),
medians as (
    select level, indicator, percentile_cont(0.5) within group (order by value) as median
    from told
    group by level, indicator
)
insert into monitoring_indicatorvalue (facility_id, month, level, indicator, value, median)
select facility_id, %(month)s, level, indicator, round(value, 4), round(median::numeric, 4)
from told
join medians using (level, indicator)
