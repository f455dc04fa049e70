"""The page of the accounting months: which are closed, what of each is still open, and closing the next."""

from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import Max, Min, Q
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _

from office import periods
from office.admin.pages import page
from office.admin.panels import Panel
from office.fields import MonthFormField
from office.models import YEARLY_KINDS, Origin, PeriodAct, PeriodEvent, Run, RunKindName, RunState
from office.refusal import PeriodRefused
from office.scope import may_in_whole_city
from policies.month import Month, months_between

CLOSED_SHOWN = 12
EVENTS_SHOWN = 30
OPEN_STATES = (RunState.DRAFT, RunState.COMPUTED, RunState.REVIEWED, RunState.POSTING)
MOVED_MONEY = (RunState.POSTING, RunState.POSTED, RunState.REVERSED)


@dataclass
class AccountingMonth:
    """A month as the page shows it: what was booked in it, what is not posted yet, and who closed it."""

    month: Month
    closed: bool
    closing: PeriodEvent | None = None
    posted: list[Run] = field(default_factory=list)
    unposted: list[Run] = field(default_factory=list)
    amount: Decimal = Decimal("0.00")
    last_posted: datetime | None = None

    @property
    def posting(self) -> list[Run]:
        return [run for run in self.unposted if run.state == RunState.POSTING]


class PeriodForm(forms.Form):
    act = forms.ChoiceField(choices=PeriodAct)
    month = MonthFormField()
    reason = forms.CharField(max_length=500, required=False)


def months_page(request):
    """The months, latest first; POST closes one or opens the last closed one again."""
    may_close = may_in_whole_city(request.user, "office.close_month")
    if request.method == "POST":
        if not may_close:
            raise PermissionDenied
        _act(request)
        return redirect("months")
    closed = periods.closed_through()
    months = accounting_months(closed)
    following = closed + 1 if closed else (months[-1].month if months else None)
    return page(
        request,
        "office/months.html",
        {
            "title": _("Month close"),
            "months": months,
            "may_close": may_close,
            "next": next((month for month in months if month.month == following), None),
            "last": next((month for month in months if month.month == closed), None),
            "history": _history(),
        },
    )


def _act(request) -> None:
    form = PeriodForm(request.POST)
    if not form.is_valid():
        messages.error(request, _("Enter a month as YYYY-MM."))
        return
    month, given = form.cleaned_data["month"], {"by": request.user, "origin": Origin.PAGE}
    try:
        if form.cleaned_data["act"] == PeriodAct.CLOSE:
            periods.close(month, **given)
            messages.success(request, _("The books of %(month)s are closed.") % {"month": month})
        else:
            periods.reopen(month, reason=form.cleaned_data["reason"], **given)
            messages.success(request, _("The books of %(month)s are open again.") % {"month": month})
    except PeriodRefused as refusal:
        messages.error(request, str(refusal))


def accounting_months(closed: Month | None) -> list[AccountingMonth]:
    """The months of work, latest first: from a year before the last closed one on."""
    runs = Run.objects.exclude(state=RunState.CANCELLED)
    monthly = Q(booked_in=None) & ~Q(kind__in=[*YEARLY_KINDS, RunKindName.REVERSAL])
    ends = runs.aggregate(
        first=Min("booked_in"),
        last=Max("booked_in"),
        first_asked=Min("period", filter=monthly),
        last_asked=Max("period", filter=monthly),
    )
    known = [month for month in (*ends.values(), closed) if month is not None]
    if not known:
        return []
    first = max(min(known), (closed or min(known)) - CLOSED_SHOWN)
    last = min(max(known) + 1, Month.of(timezone.localdate()))
    found = {
        month: AccountingMonth(month, closed is not None and month <= closed)
        for month in months_between(first, last)
    }
    here = (
        runs.filter(Q(booked_in__gte=first) | monthly & Q(period__gte=first))
        .select_related("reverses")
        .order_by("pk")
    )
    for run in here.annotate(last_posted=Max("chunks__posted_at")):
        month = found.get(run.booked_in or run.period)
        if month is None:
            continue
        (month.unposted if run.state in OPEN_STATES else month.posted).append(run)
        if run.state in MOVED_MONEY:
            month.amount += -run.amount if run.kind == RunKindName.REVERSAL else run.amount
            month.last_posted = max(filter(None, (month.last_posted, run.last_posted)), default=None)
    for event in PeriodEvent.objects.filter(month__gte=first).select_related("by").order_by("pk"):
        if event.month in found:
            found[event.month].closing = event if event.act == PeriodAct.CLOSE else None
    return [found[month] for month in sorted(found, reverse=True)]


def _history() -> Panel:
    events = PeriodEvent.objects.select_related("by")[:EVENTS_SHOWN]
    return Panel(
        title=_("Closed and opened"),
        columns={
            _("At"): "text",
            _("Month"): "text",
            _("Step"): "text",
            _("By"): "text",
            _("Reason"): "text",
        },
        rows=[
            (event.at, str(event.month), event.get_act_display(), str(event.by), event.reason)
            for event in events
        ],
    )
