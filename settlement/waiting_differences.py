"""Differences with facilities' reports that wait for whoever may settle them."""

from decimal import Decimal

from django.db.models import Count, F, Min, Sum
from django.db.models.functions import Abs, Coalesce
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from office.models import Staff
from office.scope import in_scope
from office.worklist import PILES, Pile
from settlement.models import Difference, DifferenceState, Standing

COUNTY = ("reconciliation__facility__county",)
TOTAL = 2  # the place of the total cost among a side's figures
ZERO = Decimal("0.00")


def piles_of(staff: Staff) -> list[Pile]:
    """What is open at this person's facilities, and by how many yuan the two sides differ."""
    if not staff.has_perm("settlement.settle_difference"):
        return []
    mine = in_scope(Difference.objects.filter(state=DifferenceState.OPEN), staff=staff, by=COUNTY)
    apart = Abs(Coalesce(F(f"theirs__{TOTAL}"), ZERO) - Coalesce(F(f"ours__{TOTAL}"), ZERO))
    found = mine.aggregate(
        count=Count("pk"),
        months=Count("reconciliation", distinct=True),
        amount=Sum(apart),
        since=Min("found_at"),
    )
    if not found["count"]:
        return []
    return [
        Pile(
            asked=pgettext("differences", "to settle"),
            said=_("%(count)s differences with the reports of %(months)s facilities' months")
            % {"count": found["count"], "months": found["months"]},
            url=reverse(
                "admin:settlement_reconciliation_changelist", query={"standing": Standing.DIFFERENT.value}
            ),
            amount=found["amount"],
            since=found["since"],
        )
    ]


PILES.append(piles_of)
