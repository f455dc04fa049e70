"""The tables of a facility's month: both sides, its days, its differences by class, and all it reported."""

from decimal import Decimal

from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from office.admin.panels import Panel, badged, linked
from office.templatetags.figures import badge, signed, whole, yuan
from settlement import reconciling
from settlement.admin.difference_figures import LABELS, about, apart, figure, in_words, shown
from settlement.admin.differences import reports
from settlement.models import (
    FIGURES,
    Difference,
    DifferenceClass,
    DifferenceState,
    Reconciliation,
    ReportedTotal,
    Standing,
    StatementState,
    Visit,
)
from settlement.models.reconciliation import COUNTS

# Statements nobody approves any more.
OVER = (StatementState.POSTED, StatementState.UNDONE)
SHOWN = 50
MONTHS_SHOWN = 12


def sides(month: Reconciliation) -> Panel:
    """What the facility reported, what is on record, and by how much they differ."""
    report = month.report
    return Panel(
        title=_("Both sides"),
        columns={
            pgettext("worksheet", "Figure"): "text",
            _("Reported by the facility"): "number",
            pgettext("reconciliation", "On record"): "number",
            pgettext("reconciliation", "Difference"): "number",
        },
        rows=[_side(name, report and getattr(report, name), getattr(month, name)) for name in FIGURES],
        figures=[(_("Bills reported"), whole(month.bills))],
        note=_("Amounts are less what was refunded, on the day of the refund; visits are without refunds."),
    )


def _side(name: str, theirs, ours) -> tuple:
    by = None if theirs is None else theirs - ours
    return LABELS[name], shown(name, theirs), shown(name, ours), signed(by)


def days(month: Reconciliation) -> Panel:
    """Each day with visits or a report of its own; what differs stands beside ours."""
    ours = {
        day: dict(zip(FIGURES, map(_stored, FIGURES, figures), strict=True)) for day, *figures in month.days
    }
    whose = {"facility": month.facility_id, "scheme": month.scheme, "month": month.month}
    found = ReportedTotal.objects.filter(**whose, current=True).exclude(day=None)
    told = {str(one.day): one for one in found}
    return Panel(
        title=pgettext("reconciliation", "Days"),
        columns={_("Day"): "text"}
        | {str(LABELS[name]): "number" for name in FIGURES}
        | {_("Daily report"): "text"},
        rows=[_day(day, ours.get(day, {}), told.get(day)) for day in sorted(ours.keys() | told.keys())],
        note=_("Where the two differ: the facility's figure / ours.") if told else "",
    )


def _day(day: str, ours: dict, told: ReportedTotal | None) -> tuple:
    cells, differs = [], False
    for name in FIGURES:
        mine, theirs = ours.get(name, 0), told and getattr(told, name)
        cell = shown(name, mine)
        if theirs is not None and theirs != mine:
            cell, differs = format_html('<b class="bad">{} / {}</b>', shown(name, theirs), cell), True
        cells.append(cell)
    standing = Standing.NOT_REPORTED if told is None else Standing.DIFFERENT if differs else Standing.AGREED
    return unbroken(day), *cells, badge(standing, standing.label)


def unbroken(text):
    """A day or a number that stays on one line."""
    return format_html('<span class="whitespace-nowrap">{}</span>', text)


def _stored(name: str, value: int):
    return value if name in COUNTS else Decimal(value).scaleb(-2)


def classes(month: Reconciliation) -> list[dict]:
    """The differences by class, open ones first: a page of each, and how many there are."""
    found = Difference.objects.filter(reconciliation=month).exclude(state=DifferenceState.GONE)
    listed = reverse("admin:settlement_difference_changelist")
    told = []
    for kind in DifferenceClass:
        of_kind = found.filter(kind=kind)
        rows = list(
            of_kind.order_by("state", "day", "theirs_day", "bill").select_related("settled_by")[:SHOWN]
        )
        if not rows:
            continue
        told.append(
            {
                "kind": kind,
                "open": of_kind.filter(state=DifferenceState.OPEN).count(),
                "rows": [_row(one) for one in rows],
                "all": f"{listed}?reconciliation__id={month.pk}&kind__exact={kind}"
                if len(rows) == SHOWN
                else "",
            }
        )
    return told


def _row(one: Difference) -> dict:
    return {
        "record": one,
        "open": one.state == DifferenceState.OPEN,
        "about": unbroken(linked(one, about(one))),
        "visit": linked(Visit(pk=one.visit_id), _("Visit")) if one.visit_id else "",
        "theirs_day": one.theirs_day or "",
        "ours_day": one.ours_day or "",
        "theirs": yuan(figure(one.theirs, "total")),
        "ours": yuan(figure(one.ours, "total")),
        "by": signed(apart(one, "total")),
        "besides": in_words(one),
        "badge": badged(one),
        "why": " ".join(filter(None, (one.get_explanation_display(), one.note))),
        "who": one.settled_by or "",
    }


def reported(month: Reconciliation) -> Panel:
    """Every version of the month's totals, and of its days those that were corrected."""
    whose = {"facility": month.facility_id, "scheme": month.scheme, "month": month.month}
    of_month = ReportedTotal.objects.filter(**whose, day=None)
    corrected = ReportedTotal.objects.filter(**whose, current=False).exclude(day=None)
    return reports((of_month | corrected).order_by("day", "-version"))


def of_statement(request, statement) -> Panel | None:
    """How the month of a statement stands, and what stands against approving it."""
    if not request.user.has_perm("settlement.view_reconciliation"):
        return None
    whose = {"facility_id": statement.facility_id, "scheme": statement.scheme, "month": statement.month}
    found = Reconciliation.objects.filter(**whose).with_standing().select_related("report")
    objection = None if statement.state in OVER else reconciling.stands_against(**whose)
    return Panel(
        title=_("Reconciliation"),
        columns=month_columns(),
        rows=[month_row(month) for month in found],
        note=reconciling.OBJECTIONS[objection] if objection else "",
        empty=_("Nothing to reconcile."),
    )


def months_of_facility(request, facility) -> Panel | None:
    """The facility's latest months."""
    if not request.user.has_perm("settlement.view_reconciliation"):
        return None
    found = Reconciliation.objects.filter(facility=facility).with_standing().select_related("report")
    return Panel(
        title=_("Reconciliation"),
        columns=month_columns(),
        rows=[month_row(month) for month in found.order_by("-month")[:MONTHS_SHOWN]],
    )


def month_columns() -> dict[str, str]:
    return {
        _("Month"): "text",
        _("Reported by the facility"): "money",
        pgettext("reconciliation", "On record"): "money",
        pgettext("reconciliation", "Difference"): "change",
        _("State"): "text",
    }


def month_row(month: Reconciliation) -> tuple:
    return (
        linked(month, month.month),
        month.report and month.report.total,
        month.total,
        month.report and month.report.total - month.total,
        badge(month.standing, Standing(month.standing).label),
    )
