"""What of the payment orders waits for somebody: one line for each step that is theirs to take."""

from django.db.models import Count, Min, Sum
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from office.models import Staff
from office.scope import in_scope
from office.worklist import PILES, Pile
from settlement.models import OrderState, PaymentOrder

# Of orders in a state: what is asked, by which right, and whether of the whole city only.
ASKED = {
    OrderState.UNTOUCHED: (gettext_lazy("to review"), "review_paymentorder", False),
    OrderState.REVIEWED: (gettext_lazy("to release"), "release_paymentorder", False),
    OrderState.RELEASED: (gettext_lazy("to take to the bank"), "carry_paymentorder", True),
    OrderState.IN_TRANSIT: (gettext_lazy("to enter what the bank returned"), "settle_paymentorder", True),
    OrderState.FAILED: (gettext_lazy("to issue again"), "add_paymentorder", False),
}


def piles_of(staff: Staff) -> list[Pile]:
    """Orders that wait for this person, as far as they may see them."""
    mine = {
        state: asked
        for state, (asked, right, whole_city) in ASKED.items()
        if staff.has_perm(f"settlement.{right}") and (staff.sees_whole_city or not whole_city)
    }
    if not mine:
        return []
    orders = in_scope(PaymentOrder.objects.filter(state__in=mine), staff=staff, by=("county",))
    found = orders.order_by().values_list("state").annotate(Count("pk"), Sum("amount"), Min("made_at"))
    return [
        Pile(
            asked=str(mine[state]),
            said=_("%(count)s payment orders") % {"count": count},
            url=reverse("admin:settlement_paymentorder_changelist", query={"state__exact": state}),
            amount=amount,
            since=since,
        )
        for state, count, amount, since in found
    ]


PILES.append(piles_of)
