"""Steps taken county by county for the visits of the month before: received, reconciled, stated."""

from collections import defaultdict
from collections.abc import Mapping
from datetime import datetime, time
from decimal import Decimal

from django.db.models import Count, Q, QuerySet, Sum
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import pgettext

from monitoring.steps import Asked, Figure, Step, figures_of, first_button, listed, state_of
from office.imports import importable
from office.models import Staff, WorkStep
from office.scope import in_scope
from policies.month import Month
from settlement.admin.filing import asked_of
from settlement.filing import not_filed
from settlement.models import Reconciliation, Standing, Statement, StatementState, Visit, VisitState


def filings(asked: Asked) -> list[Step]:
    """Who has filed the visits of the month before, who has not, and what of them is on hold."""
    month, staff = asked.before, asked.staff
    months = in_scope(Reconciliation.objects.filter(month=month), staff=staff, by=("facility__county",))
    filed = dict(months.order_by().values_list("scheme").annotate(Count("pk")))
    on_hold = _visits_of(month).filter(outcome__state=VisitState.HELD)
    held = dict(on_hold.order_by().values_list("scheme").annotate(Count("pk")))
    found = []
    for scheme in asked.schemes:
        missing = len(not_filed(scheme=scheme, month=month, staff=staff))
        if not missing and not filed.get(scheme):
            continue
        this = {"month": month, "scheme__exact": scheme}
        figures = [
            Figure(
                label=pgettext("facilities", "filed"),
                count=filed.get(scheme, 0),
                url=listed("settlement.reconciliation", **this),
                state="done",
            ),
            Figure(
                label=pgettext("facilities", "not filed"),
                count=missing,
                url=listed("facilities.facility", not_filed=asked_of(scheme=scheme, month=month)),
                state="missing",
            ),
            Figure(
                label=pgettext("visits", "on hold"),
                count=held.get(scheme, 0),
                url=listed("settlement.visit", state=VisitState.HELD, **this),
                state="held",
            ),
        ]
        found.append(
            Step(
                step=WorkStep.VISITS,
                scheme=scheme,
                period=month,
                due=asked.due[WorkStep.VISITS],
                state=state_of(left=missing, done=filed.get(scheme, 0)),
                left=missing > 0,
                figures=[figure for figure in figures if figure.count],
                button=_upload(staff, "visits") if missing else None,
            )
        )
    return found


def _visits_of(month: Month) -> QuerySet[Visit]:
    first, after = (
        timezone.make_aware(datetime.combine(each.first_day, time.min)) for each in (month, month + 1)
    )
    return Visit.objects.filter(at__gte=first, at__lt=after)


def _upload(staff: Staff, layout: str) -> tuple[str, str] | None:
    if layout not in importable(staff):
        return None
    return pgettext("button", "Upload"), reverse("admin:office_importfile_add", query={"layout": layout})


def reconciliations(asked: Asked) -> list[Step]:
    """How the facilities' reports of the month before stand against what is on record."""
    months = in_scope(
        Reconciliation.objects.filter(month=asked.before), staff=asked.staff, by=("facility__county",)
    )
    counts: dict[str, dict[str, int]] = defaultdict(dict)
    unsaid: dict[str, int] = defaultdict(int)
    grouped = months.with_standing().order_by().values_list("scheme", "standing")
    for scheme, standing, count, silent in grouped.annotate(
        Count("pk"), silent=Count("pk", filter=Q(unreported_note=""))
    ):
        counts[scheme][standing] = count
        if standing == Standing.NOT_REPORTED:
            unsaid[scheme] = silent
    found = []
    for scheme in asked.schemes:
        count = counts[scheme]
        if not count:
            continue
        this = {"month": asked.before, "scheme__exact": scheme}
        different, silent = count.get(Standing.DIFFERENT, 0), unsaid[scheme]
        differing = listed("settlement.reconciliation", standing=Standing.DIFFERENT, **this)
        found.append(
            Step(
                step=WorkStep.RECONCILIATION,
                scheme=scheme,
                period=asked.before,
                due=asked.due[WorkStep.RECONCILIATION],
                state=state_of(left=different + silent, done=sum(count.values()) - different - silent),
                left=different + silent > 0,
                figures=[
                    Figure(
                        label=str(label),
                        count=count[standing],
                        url=listed("settlement.reconciliation", standing=standing, **this),
                        state=standing,
                    )
                    for standing, label in Standing.choices
                    if standing in count
                ],
                button=first_button(
                    asked.staff,
                    [(different, "settlement.settle_difference", pgettext("button", "Settle"), differing)],
                )
                or (_upload(asked.staff, "reported_months") if silent else None),
            )
        )
    return found


def statements(asked: Asked) -> list[Step]:
    """The statements of the month before: not drawn up yet, and by whose hands they have passed."""
    staff, month = asked.staff, asked.before
    drawn = in_scope(Statement.objects.filter(month=month), staff=staff, by=("county",))
    counts: dict[str, dict[str, int]] = defaultdict(dict)
    amounts: dict[str, Decimal] = defaultdict(Decimal)
    for scheme, state, count, amount in (
        drawn.exclude(state=StatementState.UNDONE)
        .order_by()
        .values_list("scheme", "state")
        .annotate(Count("pk"), Sum("payable"))
    ):
        counts[scheme][state] = count
        amounts[scheme] += amount
    months = in_scope(Reconciliation.objects.filter(month=month), staff=staff, by=("facility__county",))
    unstated = dict(months.unstated().order_by().values_list("scheme").annotate(Count("pk")))
    found = []
    for scheme in asked.schemes:
        count, missing = counts[scheme], unstated.get(scheme, 0)
        if not count and not missing:
            continue
        this = {"model": "settlement.statement", "month": month, "scheme__exact": scheme}
        figures = figures_of(count, StatementState.choices, **this)
        if missing:
            url = listed("settlement.reconciliation", statement="none", month=month, scheme__exact=scheme)
            figures.insert(
                0,
                Figure(label=pgettext("statements", "not drawn up"), count=missing, url=url, state="missing"),
            )
        posted = count.get(StatementState.POSTED, 0)
        left = missing + sum(count.values()) - posted
        found.append(
            Step(
                step=WorkStep.STATEMENTS,
                scheme=scheme,
                period=month,
                due=asked.due[WorkStep.STATEMENTS],
                state=state_of(left=left, done=sum(count.values())),
                left=left > 0,
                figures=figures,
                amount=amounts[scheme] if count else None,
                amount_is=pgettext("statement", "payable"),
                button=first_button(staff, _with_statements(count, missing, scheme=scheme, month=month)),
            )
        )
    return found


def _with_statements(count: Mapping[str, int], missing: int, *, scheme: str, month: Month) -> list[tuple]:
    draw = reverse("admin:settlement_statement_add", query={"scheme": scheme, "month": month})
    hands = [
        (StatementState.AUDITED, "office.release_run", pgettext("button", "Release")),
        (StatementState.REVIEWED, "office.audit_run", pgettext("button", "Audit")),
        (StatementState.CONFIRMED, "office.review_run", pgettext("button", "Review")),
        (StatementState.SENT, "settlement.change_statement", pgettext("button", "Confirm")),
        (StatementState.DRAFT, "settlement.change_statement", pgettext("button", "Send")),
    ]
    return [
        (missing, "settlement.add_statement", pgettext("button", "Draw up"), draw),
        *(
            (
                count.get(state),
                right,
                label,
                listed("settlement.statement", month=month, scheme__exact=scheme, state__exact=state),
            )
            for state, right, label in hands
        ),
    ]
