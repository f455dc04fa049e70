"""What the first page warns of: lines that small functions give, each with a count and the list behind it.

Each function of LOOKS looks at one thing for whoever asks, says nothing where all is well, and is silent to
who may not see the list. Other rooms' functions are added here.
"""

from collections.abc import Callable
from dataclasses import dataclass

from django.db.models import Count, Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.proving import OVERDUE, last_check
from facilities.admin.agreement_pages import count_renewals
from monitoring import cases
from monitoring.models import Alert, CaseState
from monitoring.steps import listed
from office.admin.figure_words import in_language
from office.models import Run, RunState, Staff
from office.scope import in_scope
from policies.labels import explain_missing
from policies.month import Month
from settlement.explaining import explain
from settlement.models import (
    BankFile,
    BankFileState,
    OrderState,
    PaymentOrder,
    Statement,
    StatementState,
    Visit,
    VisitBatch,
    VisitState,
)


@dataclass(frozen=True, kw_only=True)
class Notice:
    """What is wrong, how many of it, and where it is seen; `grave` is red."""

    said: str
    count: int
    url: str
    grave: bool = False


def notices_for(staff: Staff) -> list[Notice]:
    """All that this person is warned of, the grave first."""
    found = [notice for look in LOOKS for notice in look(staff)]
    return sorted(found, key=lambda notice: not notice.grave)


def books(staff: Staff) -> list[Notice]:
    """What is not well with the proof of the books: something wrong, or no proof for too long."""
    check = last_check() if staff.has_perm("accounts.view_bookscheck") else None
    if check is None:
        return []
    url = reverse("admin:accounts_bookscheck_change", args=[check.pk])
    if check.wrong:
        said = _("The proof of the books found something wrong")
        return [Notice(said=said, count=check.wrong, url=url, grave=True)]
    days = (timezone.now() - check.finished_at).days
    if check.finished_at < timezone.now() - OVERDUE:
        return [Notice(said=_("Days since the books were proved"), count=days, url=url)]
    return []


def stopped_runs(staff: Staff) -> list[Notice]:
    if not staff.has_perm("office.view_run"):
        return []
    stopped = Run.objects.filter(state__in=[RunState.DRAFT, RunState.POSTING]).exclude(error="")
    return _one(_("Runs that could not go on"), stopped, "office.run", grave=True, stopped="1")


def held_visits(staff: Staff) -> list[Notice]:
    """Visits that wait for a figure of the rules nobody has entered: which, and of which article."""
    if not staff.has_perm("settlement.view_visit"):
        return []
    held = Visit.objects.filter(outcome__state=VisitState.HELD)
    count = held.order_by().count()
    if not count:
        return []
    first = held.select_related("outcome").order_by("at", "id")[0]
    missing = "; ".join(in_language(explain_missing(*each)) for each in explain(first, first.outcome).missing)
    said = _("Visits on hold: %(missing)s") % {"missing": missing} if missing else _("Visits on hold")
    return [Notice(said=said, count=count, url=listed("settlement.visit", state=VisitState.HELD))]


def agreements(staff: Staff) -> list[Notice]:
    count = count_renewals(staff) if staff.has_perm("facilities.view_agreement") else 0
    return [Notice(said=_("Agreements that end soon"), count=count, url=reverse("renewals"))] if count else []


def unusual_figures(staff: Staff) -> list[Notice]:
    """Alerts of rules and indicators whose case nobody has begun."""
    if not staff.has_perm("monitoring.view_alert"):
        return []
    found = in_scope(Alert.objects.filter(state=CaseState.OPEN), staff=staff, by=cases.COUNTY)
    said = _("Unusual visits and figures of facilities")
    return _one(said, found, "monitoring.alert", state__exact=CaseState.OPEN)


def statements_late(staff: Staff) -> list[Notice]:
    """Statements of months whose settlement is over by now."""
    if not staff.has_perm("settlement.view_statement"):
        return []
    month = Month.of(timezone.localdate()) - 1
    open_states = [
        state for state in StatementState if state not in (StatementState.POSTED, StatementState.UNDONE)
    ]
    late = in_scope(
        Statement.objects.filter(month__lt=month, state__in=open_states), staff=staff, by=("county",)
    )
    query = {"month__lt": month, "state__in": ",".join(open_states)}
    return _one(_("Statements of earlier months that are not posted"), late, "settlement.statement", **query)


def bank_details(staff: Staff) -> list[Notice]:
    if not staff.has_perm("settlement.view_paymentorder"):
        return []
    orders = in_scope(PaymentOrder.objects.all(), staff=staff, by=("county",))
    held = orders.filter(state=OrderState.UNTOUCHED, account_sealed=None, amount__gt=0)
    said = _("Payment orders without bank details")
    return _one(said, held, "settlement.paymentorder", held="1")


def returned_payments(staff: Staff) -> list[Notice]:
    if not staff.has_perm("settlement.view_paymentorder"):
        return []
    orders = in_scope(PaymentOrder.objects.all(), staff=staff, by=("county",))
    failed = orders.filter(state=OrderState.FAILED)
    said = _("Payments that failed at the bank")
    return _one(said, failed, "settlement.paymentorder", grave=True, state__exact=OrderState.FAILED)


def failed_work(staff: Staff) -> list[Notice]:
    """Batches of visits, bank files and exports that workers could not finish."""
    found = []
    if staff.has_perm("settlement.view_visitbatch"):
        stuck = VisitBatch.objects.filter(settled_at=None).annotate(
            failed=Count("chunks", filter=~Q(chunks__error=""))
        )
        found += [
            Notice(
                said=_("%(batch)s: chunks that could not be settled") % {"batch": batch},
                count=batch.failed,
                url=reverse("admin:settlement_visitbatch_change", args=[batch.pk]),
                grave=True,
            )
            for batch in stuck.filter(failed__gt=0).order_by("id")[:5]
        ]
    if staff.has_perm("settlement.view_bankfile"):
        failed = BankFile.objects.filter(state=BankFileState.FAILED)
        said = _("Bank files that could not be written")
        found += _one(said, failed, "settlement.bankfile", grave=True, state__exact=BankFileState.FAILED)
    return found


def _one(said: str, records, model: str, *, grave: bool = False, **query) -> list[Notice]:
    """One line for records and their list, where there are any."""
    count = records.count()
    return [Notice(said=said, count=count, url=listed(model, **query), grave=grave)] if count else []


LOOKS: list[Callable[[Staff], list[Notice]]] = [
    books,
    stopped_runs,
    failed_work,
    returned_payments,
    statements_late,
    held_visits,
    unusual_figures,
    bank_details,
    agreements,
]
