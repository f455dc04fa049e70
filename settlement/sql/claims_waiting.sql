-- The claims whose next step a member of staff may sign: how many, over how much of the fund, since when.
select count(*), sum(claim.fund), min(claim.entered_at)
from settlement_claim claim
cross join lateral (select settlement_claim_hash(claim) as hash offset 0) stands
cross join lateral (
    select
        count(*) as signed,
        coalesce(bool_or(office_person_of(approval.person_id) = office_person_of(%(staff)s)), false) as by_me
    from settlement_claimapproval approval
    where approval.claim_id = claim.id and approval.hash = stands.hash
) approvals
where claim.state = 'handed_in' and not approvals.by_me
    and office_person_of(claim.entered_by_id) <> office_person_of(%(staff)s)
    and settlement_may_sign_claim(%(staff)s, claim.steps[approvals.signed + 1], claim.person_id)
