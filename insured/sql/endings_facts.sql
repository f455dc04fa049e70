-- What each row of a file of endings meets: the person, and what of theirs reaches beyond the month of the day.
create temporary table facts on commit drop as
with known as materialized (
    select
        line.*,
        date_trunc('month', day)::date as last_month,
        (date_trunc('month', day) + interval '1 month')::date as next_month,
        person.people, case when person.people = 1 then person.id end as person_id, person.county_id,
        case when person.people = 1 then person.birth_date end as birth_date,
        case when person.people = 1 then person.died_on end as died_on,
        county.code as county_code,
        count(*) over same_person as rows_of_person,
        string_agg(number::text, ', ') over same_person as rows_listed
    from typed line
    left join lateral (
        select count(*) as people, min(id) as id, min(county_id) as county_id,
            min(birth_date) as birth_date, min(died_on) as died_on
        from insured_person
        where insured_person.document_index = line.document_index and merged_into_id is null
    ) person on true
    left join office_county county on county.id = person.county_id
    window same_person as (
        partition by document_index, case when document_index is null then number end
    )
)
select
    known.*,
    document_index::text as key,
    document_index::text as relies_on,
    case when rows_of_person > 1 then rows_listed end as twice,
    spells.first_month, spells.met as spells_met, spells.until as insured_until,
    choices.met as choices_met, choices.until as selected_until,
    same.id is not null as same,
    false as is_new
from known
left join lateral (
    select
        min(first_month) as first_month,
        count(*) filter (where coalesce(spell.last_month, 'infinity') > known.last_month) as met,
        nullif(max(coalesce(spell.last_month, 'infinity')), 'infinity') as until
    from insured_enrolment spell
    where spell.person_id = known.person_id
) spells on true
left join lateral (
    select count(*) as met, max(choice.last_month) as until
    from insured_selection choice
    where choice.person_id = known.person_id and choice.last_month > known.last_month
) choices on true
-- The same ending on record already, and still standing.
left join lateral (
    select change.id
    from insured_personchange change
    where change.person_id = known.person_id and change.kind = known.kind and change.day = known.day
        and not exists (select from insured_personchange undoing where undoing.undoes_id = change.id)
        and case when known.kind = 'died' then known.died_on = known.day else spells.met = 0 end
    limit 1
) same on true
