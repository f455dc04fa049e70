-- What each row of a file of facilities meets: the facility, its county and its parent, on record or in the file.
create temporary table facts on commit drop as
with twice as (
    select code, min(number) || ', ' || max(number) as rows
    from typed
    group by code
    having count(*) > 1
),
listed as (select distinct on (code) code, kind from typed where kind is not null order by code, number)
select
    line.*,
    facility.id as facility_id, case when facility.id is not null then coalesce(facility.county_id, 0) end as old_county_id, facility.id is null as is_new,
    twice.rows as repeated,
    county.id as county_id,
    county.id is null and (
        line.county_code = %(outside)s
        or line.county_code ~ '^[0-9]{6}' and left(line.county_code, 4) <> left(%(city)s, 4)
    ) as outside,
    coalesce(listed.kind, parent.kind) as parent_kind,
    line.code as key,
    case when parent.id is null then line.parent_code end as relies_on,
    facility.name as old_name, line.name as new_name,
    facility.level as old_level, line.level as new_level,
    facility.kind as old_kind, line.kind as new_kind,
    old_parent.code as old_parent_code, coalesce(line.parent_code, old_parent.code) as new_parent_code,
    old_county.code as old_county_code, county.code as new_county_code,
    facility.credit_code as old_credit_code, coalesce(line.credit_code, facility.credit_code, '') as new_credit_code,
    facility.bank_holder as old_bank_holder, coalesce(line.bank_holder, facility.bank_holder, '') as new_bank_holder,
    facility.bank_name as old_bank_name, coalesce(line.bank_name, facility.bank_name, '') as new_bank_name,
    facility.bank_account_index as old_account_index, facility.bank_account_sealed as old_account_sealed,
    coalesce(line.account_index, facility.bank_account_index) as new_account_index,
    coalesce(line.account_sealed, facility.bank_account_sealed) as new_account_sealed
from typed line
left join facilities_facility facility on facility.code = line.code
left join twice on twice.code = line.code
left join office_county county on county.code = line.county_code
left join facilities_facility parent on parent.code = line.parent_code
left join listed on listed.code = line.parent_code
left join facilities_facility old_parent on old_parent.id = facility.parent_id
left join office_county old_county on old_county.id = facility.county_id
