-- What each row of a file of usage meets: the facility and what is on record for the month or year.
create temporary table facts on commit drop as
with twice as (
    select facility_code, month, min(number) || ', ' || max(number) as rows
    from typed
    group by facility_code, month
    having count(*) > 1
)
select
    line.*, facility.id as facility_id, facility.county_id as facility_county_id, twice.rows as repeated, booked.actual as old_actual,
    booked.id is null as is_new, null::text as key, null::text as relies_on,
    exists (
        select from settlement_facilityusage other
        where other.facility_id = facility.id and other.scheme = %(scheme)s and other.year = %(year)s
            and (other.month is null) <> (line.month is null)
    ) or exists (
        select from typed other
        where other.facility_code = line.facility_code and (other.month is null) <> (line.month is null)
    ) as otherwise,
    (
        select '#' || settled.id
        from office_run settled
        where settled.kind = 'year_end' and settled.scheme = %(scheme)s and settled.state in ('posting', 'posted')
            and settled.period = make_date(%(year)s::int, 1, 1)
    ) as settled_by,
    (
        select '#' || run.id
        from settlement_clearing clearing
        join office_run run on run.id = clearing.run_id
        where run.scheme = %(scheme)s and run.state in ('posting', 'posted')
            and clearing.facility_id = facility.id and clearing.month = line.month
    ) as cleared_by
from typed line
left join twice on twice.facility_code = line.facility_code and twice.month is not distinct from line.month
left join facilities_facility facility on facility.code = line.facility_code
left join settlement_facilityusage booked
    on booked.facility_id = facility.id and booked.scheme = %(scheme)s and booked.year = %(year)s
    and booked.month is not distinct from line.month
