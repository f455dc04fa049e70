"""How the two sides of a difference are told."""

from decimal import Decimal

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from office.templatetags.figures import signed, whole, yuan
from settlement.models import FIGURES, Difference
from settlement.models.reconciliation import COUNTS

LABELS = {
    "visits": gettext_lazy("Number of visits"),
    "refunds": gettext_lazy("Refunds"),
    "total": gettext_lazy("Total cost"),
    "fund": gettext_lazy("Fund pays"),
    "account": pgettext_lazy("visit", "Accounts"),
    "cash": pgettext_lazy("visit", "Cash"),
}


def about(difference: Difference) -> str:
    """Its bill, said whether of its refund, or its day or month."""
    if not difference.refund:
        return str(difference)
    return _("%(bill)s (refund)") % {"bill": difference.bill}


def figure(side: list | None, name: str) -> Decimal | int | None:
    """A figure of a side; None where the side does not have it."""
    value = side and side[FIGURES.index(name)]
    return int(value) if value is not None and name in COUNTS else value


def apart(difference: Difference, name: str) -> Decimal | int | None:
    """By how much the facility's figure is above ours; None where it did not say."""
    theirs, ours = figure(difference.theirs, name), figure(difference.ours, name)
    if theirs is None and difference.theirs is not None:
        return None
    none = 0 if name in COUNTS else Decimal("0.00")
    return (none if theirs is None else theirs) - (none if ours is None else ours)


def shown(name: str, value) -> str:
    return whole(value) if name in COUNTS else yuan(value)


def in_words(difference: Difference) -> str:
    """What differs besides the total: of each figure theirs, ours."""
    if difference.theirs is None or difference.ours is None:
        return ""
    return "; ".join(
        f"{LABELS[name]} {shown(name, figure(difference.theirs, name))} / "
        f"{shown(name, figure(difference.ours, name))} ({signed(by)})"
        for name in FIGURES
        if name != "total" and (by := apart(difference, name))
    )
