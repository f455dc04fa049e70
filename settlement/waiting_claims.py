"""What of manual reimbursements waits for somebody: to be signed, or to be completed and handed in."""

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from office.line import LINES
from office.models import Staff
from office.statements import fetch
from office.worklist import PILES, Pile
from settlement.models import Claim, ClaimState

# What is asked of claims in a state.
ASKED = {
    ClaimState.HANDED_IN: gettext_lazy("to sign"),
    ClaimState.OPEN: gettext_lazy("to complete"),
}


def piles_of(staff: Staff) -> list[Pile]:
    """Claims whose next step this person may sign, and those they took in and have not handed in."""
    if not staff.has_perm("settlement.view_claim"):
        return []
    return [
        Pile(
            asked=str(ASKED[ClaimState(state)]),
            said=_("%(count)s manual reimbursements") % {"count": count},
            url=reverse("admin:settlement_claim_changelist", query={"state__exact": state}),
            amount=amount,
            since=since,
        )
        for state, count, amount, since in fetch("settlement/claims_waiting", staff=staff.pk)
    ]


def in_line(staff: Staff, claim: Claim) -> list[int]:
    """The claims that wait for the same act, as their list has them."""
    mine = fetch("settlement/claims_mine", staff=staff.pk)
    return sorted((number for number, state, *_rest in mine if state == claim.state), reverse=True)


PILES.append(piles_of)
LINES[Claim] = in_line
