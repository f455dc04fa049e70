"""Steps of paying: what is owed is put on orders, which go to the bank and come back."""

from collections import defaultdict
from collections.abc import Mapping
from decimal import Decimal

from django.db.models import Count
from django.urls import reverse
from django.utils.translation import pgettext

from monitoring.steps import Asked, Step, figures_of, first_button, listed, state_of
from office.models import WorkStep
from office.scope import in_scope
from settlement.models import OrderState, PaymentOrder
from settlement.payment_orders import payable

# Through whose hands orders pass before they go to the bank, and after.
IN_THE_OFFICE = (OrderState.UNTOUCHED, OrderState.REVIEWED)
AT_THE_BANK = (OrderState.RELEASED, OrderState.IN_TRANSIT, OrderState.FAILED, OrderState.PAID)


def payments(asked: Asked) -> list[Step]:
    """What is owed for this month and the one before: on no order yet, on its way to the bank, and paid."""
    months = (asked.before, asked.month)
    orders = in_scope(PaymentOrder.objects.filter(month__in=months), staff=asked.staff, by=("county",))
    counts: dict[str, dict[str, int]] = defaultdict(dict)
    for scheme, state, count in orders.order_by().values_list("scheme", "state").annotate(Count("pk")):
        counts[scheme][state] = count
    owed: dict[str, Decimal] = defaultdict(Decimal)
    for each in payable() if asked.staff.has_perm("settlement.add_paymentorder") else []:
        if each.month in months:
            owed[each.scheme] += each.amount
    found = []
    for scheme in asked.schemes:
        if counts[scheme] or owed[scheme]:
            found += [
                _ordering(asked, scheme, counts[scheme], owed[scheme]),
                _banking(asked, scheme, counts[scheme]),
            ]
    return found


def _ordering(asked: Asked, scheme: str, count: Mapping[str, int], owed: Decimal) -> Step:
    waiting, away = _sum(count, IN_THE_OFFICE), _sum(count, AT_THE_BANK)
    untouched, reviewed = IN_THE_OFFICE
    choices = [
        (
            owed,
            "settlement.add_paymentorder",
            pgettext("button", "Make orders"),
            reverse("admin:settlement_paymentorder_make"),
        ),
        _listing(asked, scheme, count, untouched, "review", pgettext("button", "Review")),
        _listing(asked, scheme, count, reviewed, "release", pgettext("button", "Release")),
    ]
    return Step(
        step=WorkStep.ORDERS,
        scheme=scheme,
        period=asked.month,
        due=asked.due[WorkStep.ORDERS],
        state=state_of(left=waiting or owed > 0, done=waiting + away),
        left=waiting > 0 or owed > 0,
        figures=_figures(asked, scheme, count, IN_THE_OFFICE),
        amount=owed or None,
        amount_is=pgettext("amount", "on no order yet"),
        button=first_button(asked.staff, choices),
    )


def _banking(asked: Asked, scheme: str, count: Mapping[str, int]) -> Step:
    released, in_transit, failed, paid = AT_THE_BANK
    left = _sum(count, (released, in_transit, failed))
    back = reverse("admin:office_importfile_add", query={"layout": "bank_returns"})
    choices = [
        _listing(asked, scheme, count, failed, "add", pgettext("button", "Issue again")),
        (
            asked.staff.sees_whole_city and count.get(released),
            "settlement.add_bankfile",
            pgettext("button", "Make a bank file"),
            reverse("admin:settlement_bankfile_add"),
        ),
        (
            asked.staff.sees_whole_city and count.get(in_transit),
            "settlement.settle_paymentorder",
            pgettext("button", "Upload the return"),
            back,
        ),
    ]
    return Step(
        step=WorkStep.BANK,
        scheme=scheme,
        period=asked.month,
        due=asked.due[WorkStep.BANK],
        state=state_of(left=left, done=_sum(count, (in_transit, failed, paid))),
        left=left > 0,
        figures=_figures(asked, scheme, count, AT_THE_BANK),
        button=first_button(asked.staff, choices),
    )


def _listing(asked: Asked, scheme: str, count, state: OrderState, right: str, label: str) -> tuple:
    url = listed("settlement.paymentorder", **_this(asked, scheme), state__exact=state)
    return count.get(state), f"settlement.{right}_paymentorder", label, url


def _figures(asked: Asked, scheme: str, count, states) -> list:
    named = [(state, state.label) for state in states]
    return figures_of(count, named, model="settlement.paymentorder", **_this(asked, scheme))


def _this(asked: Asked, scheme: str) -> dict[str, str]:
    return {"month__in": f"{asked.before},{asked.month}", "scheme__exact": scheme}


def _sum(count: Mapping[str, int], states) -> int:
    return sum(count.get(state, 0) for state in states)
