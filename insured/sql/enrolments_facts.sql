-- What each row of an enrolment file meets: the person, spells and places on record, and other rows of the file.
-- A row says: from `first_month` the person has this status, base, employer and county.
create temporary table facts on commit drop as
with proven as materialized (
    select *, document_type in ('01', '07', '17') and has_check_digit as born_inside
    from typed
),
born as materialized (
    select *,
        document_type = '01' and not has_check_digit as check_digit_wrong,
        case when born_inside then card_birth_date end as birth_date,
        case when born_inside then card_sex else '' end as sex,
        (status, retirement_group, base, employer_code, county_code, last_month)::text as content
    from proven
),
-- Names and numbers on which rows of one file disagree.
name_conflict as materialized (
    select document_type, document_index, min(number) || ', ' || max(number) as rows
    from typed
    where document_index is not null
    group by document_type, document_index
    having min(name) <> max(name)
),
number_conflict as materialized (
    select person_number, min(number) || ', ' || max(number) as rows
    from typed
    where person_number is not null and document_index is not null
    group by person_number
    having min(document_type || document_index::text) <> max(document_type || document_index::text)
),
employer_conflict as materialized (
    select employer_code, (array_agg(employer_name order by number))[1] as name, min(number) as row
    from typed
    where employer_code is not null and employer_name is not null
    group by employer_code
    having min(employer_name) <> max(employer_name)
),
-- Rows of the same person and scheme follow one another by month.
placed as (
    select born.*,
        -- Whatever the scheme: where one ends may rest on another.
        case when document_index is not null then document_type || ' ' || document_index::text end as key,
        lag(number) over neighbours as previous_number,
        lag(first_month) over neighbours as previous_month,
        lag(last_month) over neighbours as previous_last,
        lag(content) over neighbours as previous_content,
        lead(content) over neighbours as next_content,
        lead(number) over neighbours as next_number,
        lead(first_month) over neighbours as next_month,
        -- Of several rows the latest month says how to reach the person.
        last_value(phone_index) over person as latest_phone_index,
        last_value(phone_sealed) over person as latest_phone_sealed,
        last_value(person_number) over person as latest_person_number
    from born
    window
        neighbours as (
            partition by document_type, document_index, scheme, case when document_index is null then number end
            order by first_month, number
        ),
        person as (
            partition by document_type, document_index order by first_month, number
            rows between unbounded preceding and unbounded following
        )
),
-- The spells of everybody in the file: few beside all there are.
spells as materialized (
    select spell.*
    from (
        select distinct person.id
        from typed
        join insured_person person
            on person.document_index = typed.document_index and person.document_type = typed.document_type
    ) known
    join insured_enrolment spell on spell.person_id = known.id
),
met as materialized (
    select placed.*,
        person.id as person_id, person.name as old_name, person.phone_index as old_phone_index, person.phone_sealed as old_phone_sealed,
        person.person_number as old_person_number, person.died_on, person.merged_into_id is not null as merged,
        person.county_id as person_county_id,
        employer.id as employer_id, employer.name as old_employer_name,
        county.id as county_id,
        facility.id as facility_id, facility.county_id as facility_county_id,
        facility.closed_on as facility_closed_on,
        case when facility.kind = 'village_station' then rule.station_slot else 'primary' end as slot,
        rule.articles, facility.level = any(rule.levels) as may_be_of_level,
        facility.county_id is not null or rule.outside as may_lie_there,
        date_part('year', selection_month) as selection_year,
        same.id as same_id, same.last_month as same_last,
        ended.id as ended_id,
        coalesce(same.status, ended.status) as old_status,
        coalesce(same.retirement_group, ended.retirement_group) as old_retirement_group,
        coalesce(same.base, ended.base) as old_base,
        coalesce(same.employer_id, ended.employer_id) as old_employer_id,
        coalesce(same.county_id, ended.county_id) as old_county_id,
        least(coalesce(placed.last_month, same.last_month), (next_month - interval '1 month')::date) as ends
    from placed
    left join insured_person person
        on person.document_index = placed.document_index and person.document_type = placed.document_type
    left join insured_employer employer on employer.code = placed.employer_code
    left join office_county county on county.code = placed.county_code
    left join facilities_facility facility on facility.code = placed.facility_code
    left join jsonb_to_recordset(%(rules)s::jsonb)
        as rule (scheme text, station_slot text, levels text[], outside boolean, articles jsonb)
        on rule.scheme = placed.scheme
    -- The spell this row restates or corrects, or else the open one it ends.
    left join spells same
        on same.person_id = person.id and same.scheme = placed.scheme and same.first_month = placed.first_month
    left join spells ended
        on ended.person_id = person.id and ended.scheme = placed.scheme and ended.last_month is null
        and ended.first_month < placed.first_month
        and (previous_month is null or previous_month < ended.first_month)
),
restated as materialized (select same_id from met where same_id is not null),
ended_by as materialized (
    select ended_id, (min(first_month) - interval '1 month')::date as last_month
    from met
    where ended_id is not null
    group by ended_id
),
-- Rows that insure somebody in two schemes at once: few people are in both within one file at all.
in_both as materialized (
    select document_type, document_index
    from typed
    where document_index is not null
    group by document_type, document_index
    having min(scheme) <> max(scheme)
),
scheme_conflict as materialized (
    select one.number, min(other.number) as row
    from in_both
    join met one using (document_type, document_index)
    join met other using (document_type, document_index)
    where one.scheme <> other.scheme
        and one.first_month <= coalesce(other.ends, 'infinity') and other.first_month <= coalesce(one.ends, 'infinity')
    group by one.number
),
-- The facilities and months of the file with an agreement: few beside its rows.
contracted as materialized (
    select distinct asked.facility_id, asked.selection_month
    from (select distinct facility_id, selection_month from met) asked
    join facilities_contracted contracted
        on contracted.facility_id = asked.facility_id and contracted.kind = 'outpatient'
        and contracted.days && month_days(asked.selection_month)
),
choice_conflict as materialized (
    select document_type, document_index, slot, selection_year, min(number) || ', ' || max(number) as rows
    from met
    where facility_code is not null and selection_month is not null
    group by document_type, document_index, slot, selection_year
    having min(selection_month || facility_code) <> max(selection_month || facility_code)
)
select met.*,
    key as relies_on,
    same_id is null and ended_id is null as is_new,
    coalesce(met.name, old_name) as new_name,
    coalesce(latest_phone_index, old_phone_index) as new_phone_index,
    coalesce(latest_phone_sealed, old_phone_sealed) as new_phone_sealed,
    coalesce(latest_person_number, old_person_number) as new_person_number,
    coalesce(met.employer_name, old_employer_name) as new_employer_name,
    coalesce(retirement_group, '') as new_retirement_group,
    name_conflict.rows as name_conflict,
    number_conflict.rows as number_conflict,
    case when met.employer_name <> employer_conflict.name then employer_conflict.row end as employer_conflict,
    case
        when met.first_month = previous_month then previous_number || ', ' || met.number
        when met.first_month = next_month then met.number || ', ' || next_number
    end as twice,
    case when met.first_month = previous_month then content = previous_content else content = next_content
    end as same_content,
    case
        when met.first_month > previous_month and previous_last >= met.first_month then previous_number
        when met.first_month < next_month and met.last_month >= next_month then next_number
    end as crosses,
    holder.id is not null as number_taken,
    clash.scheme as clash_scheme,
    clash.first_month as clash_first,
    clash.last_month as clash_last,
    scheme_conflict.row as scheme_conflict,
    case when same_id is not null or ended_id is not null then old_employer.code end as old_employer_code,
    case when same_id is not null or ended_id is not null then old_county.code end as old_county_code,
    case when same_id is not null then same_last end as old_last_month,
    case when same_id is not null then ends end as new_last_month,
    chosen.id as chosen_id, chosen.facility_id as chosen_facility_id, chosen.first_month as chosen_month,
    chosen_facility.code as chosen_code,
    later.first_month as later_choice,
    choice_conflict.rows as choice_conflict,
    contracted.facility_id is not null
        or facility_county_id is null and coalesce(facility_closed_on > met.selection_month, true) as has_agreement
from met
left join contracted
    on contracted.facility_id = met.facility_id and contracted.selection_month = met.selection_month
left join name_conflict
    on name_conflict.document_index = met.document_index and name_conflict.document_type = met.document_type
left join number_conflict on number_conflict.person_number = met.person_number
left join employer_conflict on employer_conflict.employer_code = met.employer_code
left join scheme_conflict on scheme_conflict.number = met.number
left join insured_person holder
    on holder.person_number = met.person_number and holder.id is distinct from met.person_id
left join insured_employer old_employer on old_employer.id = old_employer_id
left join office_county old_county on old_county.id = old_county_id
left join insured_selection chosen
    on chosen.person_id = met.person_id and chosen.slot = met.slot and chosen.kind <> 'change'
    and date_part('year', chosen.first_month) = selection_year
left join facilities_facility chosen_facility on chosen_facility.id = chosen.facility_id
left join choice_conflict
    on choice_conflict.document_index = met.document_index and choice_conflict.document_type = met.document_type
    and choice_conflict.slot = met.slot and choice_conflict.selection_year = met.selection_year
left join lateral (
    select min(choice.first_month) as first_month
    from insured_selection choice
    where met.facility_id is not null and chosen.id is null
        and choice.person_id = met.person_id and choice.slot = met.slot
        and choice.first_month <= make_date(met.selection_year::int, 12, 1)
        and choice.last_month >= met.selection_month
) later on true
left join lateral (
    select spell.scheme, spell.first_month, spell.last_month
    from insured_enrolment spell
    where spell.person_id = met.person_id
        and case
            when spell.scheme <> met.scheme then
                spell.first_month <= coalesce(ends, 'infinity')
                and coalesce(
                    (select ended_by.last_month from ended_by where ended_by.ended_id = spell.id),
                    spell.last_month, 'infinity'
                ) >= met.first_month
            when spell.first_month > met.first_month then spell.first_month <= coalesce(ends, 'infinity')
            when spell.first_month < met.first_month then spell.last_month >= met.first_month
        end
        and spell.id not in (select same_id from restated)
    order by spell.first_month
    limit 1
) clash on true
