"""The tables about payment orders: totals of a list, an order's amounts, its way and what it pays."""

from django.db.models import Count, Sum
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from accounts.models import Transfer
from facilities.admin import FacilityAdmin
from insured.admin import PersonAdmin
from office.admin.panels import Panel, badged, linked
from settlement.amount_words import in_words
from settlement.models import BankFile, OrderState, PaymentOrder
from settlement.payment_orders import first_of

ITEMS_SHOWN = 50
ORDERS_SHOWN = 12


def totals_of(orders) -> list[tuple]:
    """Orders and yuan by state, in the order of their way."""
    found = {
        state: (rows, amount)
        for state, rows, amount in orders.order_by().values_list("state").annotate(Count("pk"), Sum("amount"))
    }
    return [(state, state.label, *found[state]) for state in OrderState if state in found]


def amounts(request, order) -> Panel:
    """What is owed, what is taken off, and what remains."""
    return Panel(
        title=_("Amount"),
        columns={
            _("Owed"): "money",
            _("Taken back since"): "money",
            _("Set against receivables (deduction 30)"): "money",
            _("To be paid"): "money",
            _("In words"): "text",
        },
        rows=[(order.owed, -order.withheld, -order.recovered, order.amount, in_words(order.amount))],
    )


def way(request, order) -> Panel:
    """Whose hands it passed, and what went before and after it."""
    file = BankFile.objects.filter(pk=order.bank_file_id).first()  # out of sight for who works for a county
    steps = [
        (_("Made"), order.made_by, order.made_at, order.reissues and linked(order.reissues)),
        (_("Reviewed"), order.reviewed_by, order.reviewed_at, ""),
        (_("Released"), order.released_by, order.released_at, ""),
        (
            _("Put into a bank file"),
            file and file.made_by,
            file and file.made_at,
            file and linked(file),
        ),
        (_("Taken to the bank"), file and file.taken_by, file and file.taken_at, ""),
    ]
    if order.paid_on:
        paid = Transfer.objects.filter(pk=order.payment_id).first()
        steps.append((_("Paid"), "", order.paid_on, paid and linked(paid, f"#{paid.pk}")))
    if again := PaymentOrder.objects.filter(reissues=order).first():
        steps.append((_("Issued again"), again.made_by, again.made_at, linked(again)))
    return Panel(
        title=_("Its way"),
        columns={_("Step"): "text", _("By"): "text", _("At"): "text", _("What"): "text"},
        rows=[step for step in steps if step[1] or step[2]],
    )


def payments_to_facility(request, facility) -> Panel | None:
    """The facility's latest payment orders."""
    return _latest(request, PaymentOrder.objects.filter(facility=facility), search=facility.code)


def payments_to_person(request, person) -> Panel | None:
    """The latest payment orders for what somebody is owed, whoever is paid; none where there are none."""
    found = PaymentOrder.objects.filter(person=person)
    return _latest(request, found, search=person.name) if found.exists() else None


def _latest(request, found, *, search: str) -> Panel | None:
    if not request.user.has_perm("settlement.view_paymentorder"):
        return None
    return Panel(
        title=_("Payment orders"),
        columns={
            _("Number"): "text",
            _("Month"): "text",
            pgettext("payment", "Source"): "text",
            _("To be paid"): "money",
            _("State"): "text",
            _("Paid on"): "text",
        },
        rows=[
            (
                linked(order),
                order.month,
                order.get_source_display(),
                order.amount,
                badged(order),
                order.paid_on,
            )
            for order in found.order_by("-pk")[:ORDERS_SHOWN]
        ],
        link=(_("All"), reverse("admin:settlement_paymentorder_changelist", query={"q": search})),
    )


def items(request, order) -> Panel:
    """The transfers it pays."""
    numbers = list(
        first_of(order).items.order_by("transfer_id").values_list("transfer_id", flat=True)[: ITEMS_SHOWN + 1]
    )
    found = Transfer.objects.filter(pk__in=numbers[:ITEMS_SHOWN]).order_by("pk")
    return Panel(
        title=_("What it pays"),
        columns={
            _("Transfer"): "text",
            _("Kind"): "text",
            _("Run"): "text",
            _("For month"): "text",
            _("Amount"): "money",
        },
        rows=[
            (
                linked(transfer, f"#{transfer.pk}"),
                transfer.get_kind_display(),
                linked(order.run) if order.run else "",
                transfer.covers,
                transfer.amount,
            )
            for transfer in found
        ],
        note=_("Only the first %(count)s are shown.") % {"count": ITEMS_SHOWN}
        if len(numbers) > ITEMS_SHOWN
        else "",
    )


FacilityAdmin.panels.append(payments_to_facility)
PersonAdmin.panels.append(payments_to_person)
