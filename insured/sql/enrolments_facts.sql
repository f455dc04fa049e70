-- What each row of an enrolment file meets: the person, spells and places on record, and other rows of the file.
-- A row says: from `first_month` the person has this status, base, employer and county.
-- What few rows meet is looked for apart, so that all of them are carried through few joins, and those narrow.
create temporary table facts on commit drop as
-- Rows of the same person and scheme follow one another by month.
with placed as materialized (
    select
        number, document_type, document_index, scheme, first_month, last_month, person_number,
        -- Whatever the scheme: where one ends may rest on another.
        case when document_index is not null then document_type || ' ' || document_index::text end as key,
        lag(number) over neighbours as previous_number,
        lag(first_month) over neighbours as previous_month,
        lag(last_month) over neighbours as previous_last,
        lead(number) over neighbours as next_number,
        lead(first_month) over neighbours as next_month,
        -- Of several rows the latest month says how to reach the person.
        last_value(phone_index) over person as latest_phone_index,
        last_value(phone_sealed) over person as latest_phone_sealed,
        last_value(person_number) over person as latest_person_number
    from typed
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
    -- The spell this row restates or corrects, or else the open one it ends.
    left join spells same
        on same.person_id = person.id and same.scheme = placed.scheme and same.first_month = placed.first_month
    left join spells ended
        on ended.person_id = person.id and ended.scheme = placed.scheme and ended.last_month is null
        and ended.first_month < placed.first_month
        and (previous_month is null or previous_month < ended.first_month)
),
ended_by as materialized (
    select ended_id, (min(first_month) - interval '1 month')::date as last_month
    from met
    where ended_id is not null
    group by ended_id
),
-- Spells on record in the way of a row, the earliest of each: those that the file restates make room.
clash as materialized (
    select distinct on (met.number) met.number, spell.scheme, spell.first_month, spell.last_month
    from spells spell
    join met on met.person_id = spell.person_id
    left join ended_by on ended_by.ended_id = spell.id
    where case
            when spell.scheme <> met.scheme then
                spell.first_month <= coalesce(ends, 'infinity')
                and coalesce(ended_by.last_month, spell.last_month, 'infinity') >= met.first_month
            when spell.first_month > met.first_month then spell.first_month <= coalesce(ends, 'infinity')
            when spell.first_month < met.first_month then spell.last_month >= met.first_month
        end
        and spell.id not in (select same_id from met where same_id is not null)
    order by met.number, spell.first_month
),
-- Rows that choose a facility.
choosing as materialized (
    select
        typed.number, typed.document_type, typed.document_index, typed.facility_code, typed.selection_month,
        date_part('year', typed.selection_month) as selection_year,
        met.person_id,
        facility.id as facility_id, facility.county_id as facility_county_id,
        facility.closed_on as facility_closed_on,
        case when facility.kind = 'village_station' then rule.station_slot else 'primary' end as slot,
        rule.articles, facility.level = any(rule.levels) as may_be_of_level,
        facility.county_id is not null or rule.outside as may_lie_there
    from typed
    join met using (number)
    left join facilities_facility facility on facility.code = typed.facility_code
    left join jsonb_to_recordset(%(rules)s::jsonb)
        as rule (scheme text, station_slot text, levels text[], outside boolean, articles jsonb)
        on rule.scheme = typed.scheme
    where typed.facility_code is not null
),
-- The facilities and months of the file with an agreement: few beside its rows.
contracted as materialized (
    select distinct asked.facility_id, asked.selection_month
    from (select distinct facility_id, selection_month from choosing) asked
    join facilities_contracted contracted
        on contracted.facility_id = asked.facility_id and contracted.kind = 'outpatient'
        and contracted.days && month_days(asked.selection_month)
),
choice as materialized (
    select
        choosing.number, choosing.selection_year, choosing.slot, choosing.articles,
        choosing.may_be_of_level, choosing.may_lie_there,
        choosing.facility_id, choosing.facility_closed_on,
        contracted.facility_id is not null
            or facility_county_id is null and coalesce(facility_closed_on > choosing.selection_month, true)
            as has_agreement,
        chosen.id as chosen_id, chosen.facility_id as chosen_facility_id, chosen.first_month as chosen_month,
        chosen_facility.code as chosen_code,
        later.first_month as later_choice
    from choosing
    left join contracted
        on contracted.facility_id = choosing.facility_id and contracted.selection_month = choosing.selection_month
    left join insured_selection chosen
        on chosen.person_id = choosing.person_id and chosen.slot = choosing.slot and chosen.kind <> 'change'
        and date_part('year', chosen.first_month) = selection_year
    left join facilities_facility chosen_facility on chosen_facility.id = chosen.facility_id
    left join lateral (
        select min(selection.first_month) as first_month
        from insured_selection selection
        where choosing.facility_id is not null and chosen.id is null
            and selection.person_id = choosing.person_id and selection.slot = choosing.slot
            and selection.first_month <= make_date(choosing.selection_year::int, 12, 1)
            and selection.last_month >= choosing.selection_month
    ) later on true
),
-- People whom rows of one file name differently or insure in both schemes: few of them.
ambiguous as materialized (
    select
        document_type, document_index, min(number) || ', ' || max(number) as rows,
        min(name) <> max(name) as in_name, min(scheme) <> max(scheme) as in_scheme
    from typed
    where document_index is not null
    group by document_type, document_index
    having min(name) <> max(name) or min(scheme) <> max(scheme)
),
-- What rows of one file disagree on, with the rows that do; and person numbers that others have.
conflict as (
    select number, 'name' as kind, rows
    from typed
    join ambiguous using (document_type, document_index)
    where in_name
    union all
    select number, 'person number', rows
    from typed
    join (
        select person_number, min(number) || ', ' || max(number) as rows
        from typed
        where person_number is not null and document_index is not null
        group by person_number
        having min(document_type || document_index::text) <> max(document_type || document_index::text)
    ) several using (person_number)
    union all
    select met.number, 'taken', ''
    from met
    join insured_person holder on holder.person_number = met.person_number
    where holder.id is distinct from met.person_id
    union all
    select number, 'employer', several.row::text
    from typed
    join (
        select employer_code, (array_agg(employer_name order by number))[1] as name, min(number) as row
        from typed
        where employer_code is not null and employer_name is not null
        group by employer_code
        having min(employer_name) <> max(employer_name)
    ) several using (employer_code)
    where employer_name <> several.name
    union all
    select one.number, 'scheme', min(other.number)::text
    from ambiguous
    join met one using (document_type, document_index)
    join met other using (document_type, document_index)
    where in_scheme and one.scheme <> other.scheme
        and one.first_month <= coalesce(other.ends, 'infinity') and other.first_month <= coalesce(one.ends, 'infinity')
    group by one.number
    union all
    select number, 'choice', rows
    from choosing
    join (
        select document_type, document_index, slot, selection_year, min(number) || ', ' || max(number) as rows
        from choosing
        where selection_month is not null
        group by document_type, document_index, slot, selection_year
        having min(selection_month || facility_code) <> max(selection_month || facility_code)
    ) several using (document_type, document_index, slot, selection_year)
    union all
    select
        one.number, case when same_content then 'same' else 'contradiction' end,
        least(one.number, other) || ', ' || greatest(one.number, other)
    from placed
    cross join lateral (
        select case first_month when previous_month then previous_number when next_month then next_number end as other
    ) twin
    join typed one using (number)
    join typed two on two.number = other
    cross join lateral (
        select (one.status, one.retirement_group, one.base, one.employer_code, one.county_code, one.last_month)
            is not distinct from
            (two.status, two.retirement_group, two.base, two.employer_code, two.county_code, two.last_month)
            as same_content
    ) compared
    where placed.first_month in (previous_month, next_month)
),
conflicts as materialized (
    select
        number,
        max(rows) filter (where kind = 'name') as name_conflict,
        max(rows) filter (where kind = 'person number') as number_conflict,
        bool_or(kind = 'taken') as number_taken,
        max(rows) filter (where kind = 'employer') as employer_conflict,
        max(rows) filter (where kind = 'scheme') as scheme_conflict,
        max(rows) filter (where kind = 'choice') as choice_conflict,
        max(rows) filter (where kind = 'same') as repeated,
        max(rows) filter (where kind = 'contradiction') as contradicted
    from conflict
    group by number
)
select
    number, problems, notices,
    typed.document_type, typed.document_index, document_sealed, document_tail_index, document_length, typed.name,
    typed.scheme, status, retirement_group, base, employer_code, employer_name, county_code,
    typed.first_month, typed.last_month, facility_code, selection_month,
    typed.document_type = '01' and not has_check_digit as check_digit_wrong,
    born_inside,
    case when born_inside then card_birth_date end as birth_date,
    case when born_inside then card_sex else '' end as sex,
    met.key, met.key as relies_on,
    person_id, old_name, old_phone_index, old_phone_sealed, old_person_number, died_on, merged, person_county_id,
    same_id, ended_id, ends,
    same_id is null and ended_id is null as is_new,
    coalesce(typed.name, old_name) as new_name,
    coalesce(latest_phone_index, old_phone_index) as new_phone_index,
    coalesce(latest_phone_sealed, old_phone_sealed) as new_phone_sealed,
    coalesce(latest_person_number, old_person_number) as new_person_number,
    employer.id as employer_id, employer.name as old_employer_name,
    coalesce(typed.employer_name, employer.name) as new_employer_name,
    county.id as county_id,
    coalesce(retirement_group, '') as new_retirement_group,
    old_status, old_retirement_group, old_base, old_employer.code as old_employer_code, old_county.code as old_county_code,
    case when same_id is not null then same_last end as old_last_month,
    case when same_id is not null then ends end as new_last_month,
    case
        when met.first_month > previous_month and previous_last >= met.first_month then previous_number
        when met.first_month < next_month and met.last_month >= next_month then next_number
    end as crosses,
    clash.scheme as clash_scheme, clash.first_month as clash_first, clash.last_month as clash_last,
    name_conflict, number_conflict, number_taken, employer_conflict, scheme_conflict, choice_conflict,
    repeated, contradicted,
    facility_id, slot, articles, may_be_of_level, may_lie_there, facility_closed_on, has_agreement, selection_year,
    chosen_id, chosen_facility_id, chosen_month, chosen_code, later_choice
from typed
cross join lateral (select typed.document_type in ('01', '07', '17') and has_check_digit as born_inside) proven
join met using (number)
left join conflicts using (number)
left join clash using (number)
left join choice using (number)
left join insured_employer employer on employer.code = typed.employer_code
left join office_county county on county.code = typed.county_code
left join insured_employer old_employer on old_employer.id = old_employer_id
left join office_county old_county on old_county.id = old_county_id
