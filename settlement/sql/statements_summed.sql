-- Drafts say what their visits and deductions come to; who drew them up, where somebody does.
update settlement_statement draft
set visits = sums.visits, refunds = sums.refunds, total = sums.total, eligible = sums.eligible, fund = sums.fund,
    account = sums.account, family_account = sums.family_account, cash = sums.cash, in_quota = sums.in_quota,
    kept = sums.kept, deducted = sums.deducted,
    payable = sums.fund - sums.in_quota + sums.kept - sums.deducted,
    drawn_by_id = coalesce(%(by)s, draft.drawn_by_id),
    drawn_at = case when %(by)s::bigint is null then draft.drawn_at else now() end
from settlement_statement standing
cross join lateral settlement_statement_sums(standing.id) sums
where standing.id = draft.id and draft.state = 'draft' and draft.id = any (%(statements)s)
returning draft.id
