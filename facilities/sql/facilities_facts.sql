-- What each row of a file of facilities meets: the facility, its county and its parent, on record or in the file.
create temporary table facts on commit drop as
with recursive twice as (
    select code, min(number) || ', ' || max(number) as rows
    from typed
    group by code
    having count(*) > 1
),
listed as materialized (
    select distinct on (code) code, kind, parent_code, number from typed where kind is not null order by code, number
),
-- Who would stand under whom, and every way up from a row of the file until it comes round.
under as materialized (
    select coalesce(listed.code, facility.code) as code, coalesce(listed.parent_code, parent.code) as parent_code
    from facilities_facility facility
    left join facilities_facility parent on parent.id = facility.parent_id
    full join listed on listed.code = facility.code
),
way_up (start, path) as (
    select code, array[code, parent_code] from listed where parent_code <> code
    union all
    select start, path || under.parent_code
    from way_up
    join under on under.code = path[cardinality(path)]
    where under.parent_code is not null and under.parent_code <> all(path[2:]) and path[cardinality(path)] <> start
),
circle as (
    select start, (
        select string_agg(code || coalesce(' (' || number || ')', ''), ' → ' order by place)
        from unnest(path) with ordinality as step (code, place)
        left join listed using (code)
    ) as said
    from way_up
    where path[cardinality(path)] = start
),
met as materialized (
    select
        line.*,
        facility.id as facility_id,
        case when facility.id is not null then coalesce(facility.county_id, 0) end as old_county_id,
        facility.id is null as is_new,
        twice.rows as repeated,
        county.id as county_id,
        county.id is null and (
            line.county_code = %(outside)s
            or line.county_code ~ '^[0-9]{6}' and left(line.county_code, 4) <> left(%(city)s, 4)
        ) as outside,
        coalesce(listed.kind, parent.kind) as parent_kind,
        circle.said as circle,
        line.kind = 'village_station' and exists (
            select from facilities_placement below where below.parent_id = facility.id
        ) as has_others_under_it,
        line.code as key,
        case when parent.id is null then line.parent_code end as relies_on,
        facility.name as old_name, line.name as new_name,
        facility.level as old_level, line.level as new_level,
        facility.kind as old_kind, line.kind as new_kind,
        old_parent.code as old_parent_code, coalesce(line.parent_code, old_parent.code) as new_parent_code,
        facility.office as old_office,
        coalesce(line.office, case
            when line.level = facility.level then facility.office
            when replace(line.level, 'ungraded', 'primary') = any(%(settled_by_city)s::text[]) then 'city'
            else 'county'
        end) as new_office,
        old_county.code as old_county_code, county.code as new_county_code,
        facility.credit_code as old_credit_code,
        coalesce(line.credit_code, facility.credit_code, '') as new_credit_code,
        facility.bank_holder as old_bank_holder,
        coalesce(line.bank_holder, facility.bank_holder, '') as new_bank_holder,
        facility.bank_name as old_bank_name, coalesce(line.bank_name, facility.bank_name, '') as new_bank_name,
        facility.bank_account_index as old_account_index, facility.bank_account_sealed as old_account_sealed,
        coalesce(line.account_index, facility.bank_account_index) as new_account_index,
        coalesce(line.account_sealed, facility.bank_account_sealed) as new_account_sealed
    from typed line
    left join facilities_facility facility on facility.code = line.code
    left join twice on twice.code = line.code
    left join circle on circle.start = line.code
    left join office_county county on county.code = line.county_code
    left join facilities_facility parent on parent.code = line.parent_code
    left join listed on listed.code = line.parent_code
    left join facilities_facility old_parent on old_parent.id = facility.parent_id
    left join office_county old_county on old_county.id = facility.county_id
),
-- Where a facility of the record gets another level, parent or office: from which month on.
moved as materialized (
    select number, coalesce(first_month, date_trunc('month', agency_today())::date) as placed_from
    from met
    where facility_id is not null
      and (old_level, old_parent_code, old_office) is distinct from (new_level, new_parent_code, new_office)
)
select
    met.*,
    moved.placed_from,
    case when moved.number is not null then placement.first_month end as old_first_month,
    case
        when new_parent.closed_on <= agency_today() and facility.closed_on is null then new_parent.closed_on
    end as parent_closed_on,
    successor.code as parent_successor,
    (
        select min(later.first_month) from facilities_placement later
        where later.facility_id = met.facility_id and later.first_month > moved.placed_from
    ) as placed_later
from met
left join moved on moved.number = met.number
left join facilities_facility facility on facility.id = met.facility_id
left join facilities_facility new_parent on new_parent.code = met.new_parent_code
left join facilities_facility successor on successor.id = new_parent.successor_id
left join lateral (
    select first_month from facilities_placement
    where facility_id = met.facility_id and (first_month is null or first_month <= moved.placed_from)
    order by first_month desc nulls last
    limit 1
) placement on true
