-- The claims that wait for a member of staff: those whose next step they may sign, and those they took in and have
-- not handed in.
select claim.id, claim.state, claim.fund, claim.entered_at
from settlement_claim claim
left join lateral (
    select settlement_claim_hash(claim) as hash where claim.state = 'handed_in' offset 0
) stands on true
left join lateral (
    select
        count(*) as signed,
        coalesce(bool_or(office_person_of(approval.person_id) = office_person_of(%(staff)s)), false) as by_me
    from settlement_claimapproval approval
    where approval.claim_id = claim.id and approval.hash = stands.hash
) approvals on true
where claim.state in ('open', 'handed_in') and (
    claim.state = 'open' and claim.entered_by_id = %(staff)s
    or claim.state = 'handed_in' and not approvals.by_me
    and office_person_of(claim.entered_by_id) <> office_person_of(%(staff)s)
    and settlement_may_sign_claim(%(staff)s, claim.steps[approvals.signed + 1], claim.person_id)
)
