-- Drafts of a month are drawn up anew: their visits are looked for once more.
delete from settlement_statementline line
using settlement_statement draft
where draft.id = line.statement_id and draft.state = 'draft'
    and draft.scheme = %(scheme)s and draft.month = %(month)s
    and (%(facility)s::bigint is null or draft.facility_id = %(facility)s)
    and (%(counties)s::bigint[] is null or draft.office = 'county' and draft.county_id = any (%(counties)s))
