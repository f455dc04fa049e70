-- What each row of a file of usage meets: the facility and what is on record for the year.
create temporary table facts on commit drop as
with twice as (
    select facility_code, min(number) || ', ' || max(number) as rows
    from typed
    group by facility_code
    having count(*) > 1
)
select
    line.*, facility.id as facility_id, facility.county_id as facility_county_id, twice.rows as repeated, booked.actual as old_actual,
    booked.id is null as is_new, null::text as key, null::text as relies_on,
    (
        select '#' || settled.id
        from office_run settled
        where settled.kind = 'year_end' and settled.scheme = %(scheme)s and settled.state in ('posting', 'posted')
            and settled.period = make_date(%(year)s::int, 1, 1)
    ) as settled_by
from typed line
left join twice on twice.facility_code = line.facility_code
left join facilities_facility facility on facility.code = line.facility_code
left join settlement_facilityusage booked
    on booked.facility_id = facility.id and booked.scheme = %(scheme)s and booked.year = %(year)s
