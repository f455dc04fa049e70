-- What each row of a file of bills meets: facility, scheme, and what was reported of the bill before. A refund's
-- amounts are given back, with or without a minus.
create temporary table facts on commit drop as
with placed as materialized (
    select
        line.number, line.facility_code, line.bill, line.day, line.said_scheme, line.refund, line.withdrawn,
        line.problems, line.notices,
        case when refund = 't' then -abs(total) else total end as total,
        case when refund = 't' then -abs(fund) else fund end as fund,
        case when refund = 't' then -abs(account) else account end as account,
        case when refund = 't' then -abs(cash) else cash end as cash,
        facility.id as facility_id, facility.county_id as facility_county_id, county.code as county_code,
        coalesce(line.said_scheme, %(only_scheme)s::text) as scheme, date_trunc('month', line.day)::date as month,
        count(*) over alike as rows_alike, string_agg(line.number::text, ', ') over alike as alike_listed
    from typed line
    left join facilities_facility facility on facility.code = line.facility_code
    left join office_county county on county.id = facility.county_id
    window alike as (
        partition by line.facility_code, line.bill, line.refund, coalesce(line.said_scheme, %(only_scheme)s::text)
    )
)
select
    placed.*, case when rows_alike > 1 and placed.bill is not null then alike_listed end as repeated,
    told.id as told_id, coalesce(told.version, 0) as told_version, told.day as old_day,
    (told.total / 100.0)::numeric(14, 2) as old_total, (told.fund / 100.0)::numeric(14, 2) as old_fund,
    (told.account / 100.0)::numeric(14, 2) as old_account, (told.cash / 100.0)::numeric(14, 2) as old_cash,
    case when told.withdrawn then 't' when not told.withdrawn then 'f' end as old_withdrawn,
    told.id is null as is_new, null::text as key, null::text as relies_on
from placed
left join settlement_reportedbill told
    on told.current and told.facility_id = placed.facility_id and told.bill = placed.bill
    and told.scheme = placed.scheme and told.refund = (placed.refund = 't')
