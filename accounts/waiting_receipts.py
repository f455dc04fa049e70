"""Receipts of the fund that wait for a second person to decide."""

from django.db.models import Count, Min, QuerySet, Sum
from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.models import FundReceipt, ReceiptState
from office.line import LINES
from office.models import Staff
from office.scope import may_in_whole_city
from office.worklist import PILES, Pile


def _theirs(staff: Staff) -> QuerySet[FundReceipt]:
    if not may_in_whole_city(staff, "accounts.decide_fundreceipt"):
        return FundReceipt.objects.none()
    return FundReceipt.objects.filter(state=ReceiptState.PROPOSED)


def piles_of(staff: Staff) -> list[Pile]:
    found = _theirs(staff).aggregate(count=Count("pk"), amount=Sum("amount"), since=Min("entered_at"))
    if not found["count"]:
        return []
    url = reverse("admin:accounts_fundreceipt_changelist", query={"state__exact": ReceiptState.PROPOSED})
    said = _("%(count)s receipts of the fund") % {"count": found["count"]}
    return [Pile(asked=_("to decide"), said=said, url=url, amount=found["amount"], since=found["since"])]


def in_line(staff: Staff, receipt: FundReceipt) -> list[int]:
    """As their list has them."""
    return list(_theirs(staff).order_by("-id").values_list("pk", flat=True))


PILES.append(piles_of)
LINES[FundReceipt] = in_line
