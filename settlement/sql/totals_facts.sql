-- What each row of a file of totals meets: facility, scheme, and what was reported of the month or day before.
create temporary table facts on commit drop as
with placed as materialized (
    select
        line.*, facility.id as facility_id, facility.county_id as facility_county_id, county.code as county_code,
        coalesce(line.said_scheme, %(only_scheme)s::text) as scheme, date_trunc('month', line.period)::date as month,
        case when %(daily)s then line.period end as day,
        count(*) over alike as rows_alike, string_agg(line.number::text, ', ') over alike as alike_listed
    from typed line
    left join facilities_facility facility on facility.code = line.facility_code
    left join office_county county on county.id = facility.county_id
    window alike as (partition by line.facility_code, line.period, coalesce(line.said_scheme, %(only_scheme)s::text))
)
select
    placed.*, case when rows_alike > 1 and period is not null then alike_listed end as repeated,
    told.id as told_id, coalesce(told.version, 0) as told_version,
    told.visits as old_visits, told.refunds as old_refunds, told.total as old_total, told.fund as old_fund,
    told.account as old_account, told.cash as old_cash,
    told.id is null as is_new, null::text as key, null::text as relies_on
from placed
left join settlement_reportedtotal told
    on told.current and told.month = placed.month and told.facility_id = placed.facility_id
    and told.scheme = placed.scheme and told.day is not distinct from placed.day
