-- What the file ends, with the rows as they were and as they become: as `insured/recording.py` keeps them.
insert into insured_personchange
    (person_id, kind, first_month, day, reason, by_id, at, import_id, before, after)
select
    accepted.person_id, kind, next_month, day, '', acting_staff(), now(), %(import)s,
    coalesce(spells.before, '{}') || coalesce(choices.before, '{}') || coalesce(own.before, '{}'),
    coalesce(spells.after, '{}') || coalesce(choices.after, '{}') || coalesce(own.after, '{}')
from accepted
left join lateral (
    select
        jsonb_build_object('insured_enrolment', jsonb_object_agg(spell.id, to_jsonb(spell))) as before,
        jsonb_build_object('insured_enrolment', coalesce(jsonb_object_agg(
            spell.id, to_jsonb(spell) || jsonb_build_object('last_month', accepted.last_month)
        ) filter (where spell.first_month <= accepted.last_month), '{}')) as after
    from insured_enrolment spell
    where spell.person_id = accepted.person_id and coalesce(spell.last_month, 'infinity') > accepted.last_month
    having count(*) > 0
) spells on true
left join lateral (
    select
        jsonb_build_object('insured_selection', jsonb_object_agg(choice.id, to_jsonb(choice))) as before,
        jsonb_build_object('insured_selection', coalesce(jsonb_object_agg(
            choice.id, to_jsonb(choice) || jsonb_build_object('last_month', accepted.last_month)
        ) filter (where choice.first_month <= accepted.last_month), '{}')) as after
    from insured_selection choice
    where choice.person_id = accepted.person_id and choice.last_month > accepted.last_month
    having count(*) > 0
) choices on true
left join lateral (
    select
        jsonb_build_object('insured_person', jsonb_build_object(person.id, row)) as before,
        jsonb_build_object('insured_person', jsonb_build_object(
            person.id, row || jsonb_build_object('died_on', day)
        )) as after
    from insured_person person
    cross join lateral (
        select jsonb_build_object('id', id, 'died_on', died_on, 'merged_into_id', merged_into_id)
    ) own (row)
    where person.id = accepted.person_id and kind = 'died'
) own on true
