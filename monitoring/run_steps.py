"""Steps the municipal agency takes for all counties: headcounts, runs, and closing the books."""

from collections.abc import Mapping

from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import pgettext, pgettext_lazy

from monitoring.steps import Asked, Figure, Step
from office.models import YEARLY_KINDS, Run, RunKindName, RunState, WorkStep
from office.periods import closed_through
from office.policy import newest_version, pack_of
from office.scope import may_in_whole_city
from policies.month import Month
from settlement.models import Headcount

# What is done with a run that waits for somebody, by what their inbox says of it.
OPENED_FOR = {
    "sign": pgettext_lazy("button", "Look and sign"),
    "release": pgettext_lazy("button", "Look and release"),
    "post": pgettext_lazy("button", "Look and post"),
    "correct": pgettext_lazy("button", "Correct"),
    "failed": pgettext_lazy("button", "See to it"),
}


def runs(asked: Asked, kinds: Mapping[str, list], waiting: Mapping[int, str]) -> list[Step]:
    """The runs of the month, and in their season the year's: of each the live one, or none yet."""
    month = asked.month
    periods = {
        RunKindName.CREDIT: month,
        RunKindName.ADJUSTMENT: month,
        RunKindName.PREPAYMENT: month,
        RunKindName.CLEARING: asked.before,
    }
    if month.number <= 3:
        periods |= dict.fromkeys((RunKindName.YEAR_END, RunKindName.INTEREST), Month(month.year - 1, 1))
    if month.number == 12:
        periods[RunKindName.CARRY_OVER] = Month(month.year, 1)
    wanted = Q()
    for kind, period in periods.items():
        wanted |= Q(kind=kind, period=period)
    live = Run.objects.filter(wanted).exclude(state__in=[RunState.CANCELLED, RunState.REVERSED])
    found = {(run.scheme, run.kind): run for run in live.order_by("id")}
    return [
        _run_step(asked, scheme, kind, periods[kind], found.get((scheme, kind)), waiting)
        for scheme, here in kinds.items()
        for kind in here
        if kind in periods
    ]


def _run_step(asked: Asked, scheme: str, kind, period: Month, run: Run | None, waiting) -> Step:
    yearly = kind in YEARLY_KINDS
    button = None
    if run is None:
        state = ("none", pgettext("work", "not begun"))
        if may_in_whole_city(asked.staff, "office.prepare_run"):
            query = {"kind": kind, "scheme": scheme, "month": asked.month if yearly else period}
            button = (_("Prepare"), reverse("admin:office_run_add", query=query | {"year": period.year}))
    else:
        state = (run.state, run.get_state_display())
        if run.pk in waiting:
            button = (
                str(OPENED_FOR.get(waiting[run.pk], _("Open"))),
                reverse("admin:office_run_change", args=[run.pk]),
            )
    return Step(
        step=WorkStep(kind),
        scheme=scheme,
        period=period.year if yearly else period,
        due=asked.due[kind],
        state=state,
        left=run is None or run.state != RunState.POSTED,
        amount=run and run.amount,
        run=run,
        button=button,
        citywide=True,
    )


def headcounts(asked: Asked, kinds: Mapping[str, list]) -> list[Step]:
    """The heads that are prepaid, frozen or not."""
    found_of = Headcount.objects.filter(month__in=[asked.before, asked.month]).order_by("number")
    counted = {(headcount.scheme, headcount.month): headcount for headcount in found_of}
    may = asked.staff.sees_whole_city and asked.staff.has_perm("settlement.add_headcount")
    found = []
    for scheme, here in kinds.items():
        if RunKindName.PREPAYMENT not in here:
            continue
        month = _month_of_heads(scheme, asked)
        headcount = counted.get((scheme, month))
        query = {"scheme": scheme, "month": month}
        found.append(
            Step(
                step=WorkStep.HEADCOUNT,
                scheme=scheme,
                period=month,
                due=asked.due[WorkStep.HEADCOUNT],
                state=("done", pgettext("headcount", "frozen"))
                if headcount
                else ("none", pgettext("work", "not begun")),
                left=headcount is None,
                figures=[
                    Figure(
                        label=_("heads"),
                        count=headcount.heads,
                        url=reverse("admin:settlement_headcount_change", args=[headcount.pk]),
                    )
                ]
                if headcount
                else [],
                button=(pgettext("button", "Count"), reverse("admin:settlement_headcount_add", query=query))
                if may and headcount is None
                else None,
                citywide=True,
            )
        )
    return found


def _month_of_heads(scheme: str, asked: Asked) -> Month:
    """Whose heads the month's prepayment counts; a January counts its own (Shaoguan 9(2)2)."""
    terms = pack_of(newest_version(scheme=scheme)).capitation
    return asked.before if terms.heads_month == "previous" and asked.month.number > 1 else asked.month


def close(asked: Asked) -> Step:
    """The books of the month before."""
    closed = closed_through()
    left = closed is None or closed < asked.before
    is_next = closed is None or closed + 1 == asked.before
    may = left and is_next and may_in_whole_city(asked.staff, "office.close_month")
    return Step(
        step=WorkStep.CLOSE,
        period=asked.before,
        due=asked.due[WorkStep.CLOSE],
        state=("none", pgettext("books", "open")) if left else ("done", pgettext("books", "closed")),
        left=left,
        button=(pgettext("button", "Close"), reverse("months")) if may else None,
        citywide=True,
    )
