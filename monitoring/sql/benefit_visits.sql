-- A year's settled visits of some people, each with the facts found when it was settled, in the order in which they
-- were settled: that is how limits and deductibles were used up. What takes back a visit of the year may be later.
select
    visit.id, visit.person_id, visit.reverses_id, visit.reversed_by_id is not null,
    visit.total, visit.eligible, visit.consultation_fee, visit.diagnosis_fee, visit.drug,
    outcome.state, coalesce(outcome.fund, 0), coalesce(outcome.deductible, 0),
    coalesce(date_part('year', person.birth_date), 0),
    outcome.policy_id,
    (visit.at at time zone 'Asia/Shanghai')::date, outcome.category, visit.disease, visit.gate,
    visit.emergency or visit.category = 'emergency', visit.admitted, outcome.level, outcome.station, outcome.locality,
    outcome.status, outcome.selected, outcome.selected_month, outcome.referred, outcome.newborn, outcome.diseases,
    outcome.found, outcome.birth_date
from settlement_visit visit
join settlement_visitoutcome outcome on outcome.visit_id = visit.id
join settlement_visitchunk chunk on chunk.id = outcome.chunk_id
join insured_person person on person.id = visit.person_id
where visit.scheme = %(scheme)s
    and visit.person_id >= %(first)s and visit.person_id < %(after)s
    and visit.at >= make_timestamptz(%(year)s, 1, 1, 0, 0, 0, 'Asia/Shanghai')
    and (
        visit.at < make_timestamptz(%(year)s + 1, 1, 1, 0, 0, 0, 'Asia/Shanghai')
        or visit.reverses_id is not null
    )
order by visit.person_id, chunk.settled_at, chunk.id, visit.at, visit.row, visit.id
