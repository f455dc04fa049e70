-- What was found goes onto the drafts; a facility whose statement is under way has it on the next one.
insert into settlement_statementline (statement_id, visit_id, in_quota, payable, live)
select draft.id, drawn.visit_id, drawn.in_quota, drawn.payable, true
from drawn
join settlement_statement draft
    on draft.facility_id = drawn.facility_id and draft.scheme = %(scheme)s and draft.month = %(month)s
    and draft.state = 'draft'
order by draft.id, drawn.visit_id
