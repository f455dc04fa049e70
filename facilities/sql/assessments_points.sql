-- The points as the file says, entered by whoever uploaded it.
insert into facilities_assessmentscore (assessment_id, item_id, score, entered_by_id)
select assessment.id, item_id, accepted.score, accepted.entered_by_id
from accepted
join facilities_assessment assessment
    on assessment.facility_id = accepted.facility_id and assessment.year = accepted.year
order by assessment.id, item_id
on conflict (assessment_id, item_id) do update set score = excluded.score, entered_by_id = excluded.entered_by_id
