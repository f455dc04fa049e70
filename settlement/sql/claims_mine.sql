-- The claims that wait for a member of staff: those whose next step they may sign, and those they took in and have
-- not handed in.
with whose as (  -- whose right to sign the person may use today
    select %(staff)s::bigint as id
    union all
    select principal_id from office_delegation
    where delegate_id = %(staff)s and office_acts_for(delegate_id, principal_id)
)
select claim.id, claim.state, claim.fund, claim.entered_at
from settlement_claim claim
where claim.state = 'open' and claim.entered_by_id = %(staff)s
    or claim.state = 'handed_in' and settlement_sees_claimant(%(staff)s, claim.person_id)
    and not settlement_had_a_hand(claim.id, %(staff)s)
    and exists (
        select from whose
        where settlement_may_sign_claim(
            whose.id, claim.steps[settlement_claim_signed(claim) + 1], claim.person_id
        ) and not settlement_had_a_hand(claim.id, whose.id)
    )
