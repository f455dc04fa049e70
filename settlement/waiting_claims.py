"""What of manual reimbursements waits for somebody: to be signed, or to be completed and handed in."""

from django.db.models import Count, Min
from django.urls import reverse
from django.utils.translation import gettext as _

from office.models import Staff
from office.statements import fetch
from office.worklist import PILES, Pile
from settlement.models import Claim, ClaimState


def piles_of(staff: Staff) -> list[Pile]:
    """Claims whose next step this person may sign, and those they took in and have not handed in."""
    if not staff.has_perm("settlement.view_claim"):
        return []
    [(count, amount, since)] = fetch("settlement/claims_waiting", staff=staff.pk)
    own = Claim.objects.filter(state=ClaimState.OPEN, entered_by=staff)
    taken_in = own.aggregate(count=Count("pk"), since=Min("entered_at"))
    found = [
        (count, _("to sign"), ClaimState.HANDED_IN, amount, since),
        (taken_in["count"], _("to complete"), ClaimState.OPEN, None, taken_in["since"]),
    ]
    return [
        Pile(
            asked=asked,
            said=_("%(count)s manual reimbursements") % {"count": count},
            url=reverse("admin:settlement_claim_changelist", query={"state__exact": state}),
            amount=amount,
            since=since,
        )
        for count, asked, state, amount, since in found
        if count
    ]


PILES.append(piles_of)
