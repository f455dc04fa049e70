"""A run beside the one of the period before: what changed more than a threshold is acknowledged one by one.

What was found is written down when the run is computed, with the thresholds as they were then; the database
lets the run go no further before each finding carries somebody's name and note.
"""

from decimal import Decimal

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from office.models import (
    Dimension,
    Excess,
    Measure,
    Origin,
    Run,
    RunEvent,
    RunKindName,
    RunState,
    Staff,
    Threshold,
)
from office.refusal import RunRefused
from office.scope import may_in_whole_city

BOTH = tuple(Measure)

# What ships: (kind, dimension, measures): per cent, least rows, least yuan.
SHIPPED = {
    (RunKindName.CREDIT, Dimension.TOTAL, BOTH): (5, 50, 5_000),
    (RunKindName.CREDIT, Dimension.COUNTY, BOTH): (10, 50, 5_000),
    (RunKindName.CREDIT, Dimension.STATUS, BOTH): (10, 50, 5_000),
    (RunKindName.CREDIT, Dimension.BASE, (Measure.AMOUNT,)): (50, 0, 1_000),
    (RunKindName.PREPAYMENT, Dimension.TOTAL, BOTH): (10, 5, 5_000),
    (RunKindName.PREPAYMENT, Dimension.COUNTY, BOTH): (15, 5, 5_000),
    (RunKindName.PREPAYMENT, Dimension.LEVEL, BOTH): (15, 5, 5_000),
    (RunKindName.CLEARING, Dimension.TOTAL, BOTH): (20, 5, 5_000),
    (RunKindName.CLEARING, Dimension.COUNTY, BOTH): (30, 5, 5_000),
    (RunKindName.CLEARING, Dimension.LEVEL, BOTH): (30, 5, 5_000),
    (RunKindName.YEAR_END, Dimension.TOTAL, BOTH): (20, 5, 20_000),
    (RunKindName.YEAR_END, Dimension.COUNTY, BOTH): (30, 5, 20_000),
    (RunKindName.YEAR_END, Dimension.LEVEL, BOTH): (30, 5, 20_000),
    (RunKindName.CARRY_OVER, Dimension.TOTAL, (Measure.ROWS,)): (10, 50, 0),
    (RunKindName.CARRY_OVER, Dimension.FACILITY, (Measure.ROWS,)): (30, 50, 0),
}


def load_thresholds() -> None:
    """Enter the thresholds that are not there yet; what the agency changed stays."""
    for (kind, dimension, measures), (percent, rows, yuan) in SHIPPED.items():
        for measure in measures:
            Threshold.objects.get_or_create(
                kind=kind,
                dimension=dimension,
                measure=measure,
                defaults={"percent": percent, "least": rows if measure == Measure.ROWS else yuan},
            )


def threshold_of(kind: RunKindName, dimension: Dimension, measure: Measure) -> Threshold | None:
    """The threshold the agency has set; one that is not watched has no per cent."""
    return Threshold.objects.filter(kind=kind, dimension=dimension, measure=measure).first()


def previous_posted(run: Run) -> Run | None:
    """The posted run of the month (or year) before, to compare with; a reversal is compared with nothing."""
    if run.kind == RunKindName.REVERSAL:
        return None
    before = run.period - (12 if run.yearly else 1)
    return Run.objects.filter(kind=run.kind, scheme=run.scheme, period=before, state=RunState.POSTED).first()


def compare(run: Run) -> None:
    """Write down what a draft, which has its totals, is compared with and what exceeds a threshold."""
    run.excesses.all().delete()
    run.compared_with = previous_posted(run)
    if run.compared_with is None:
        return
    thresholds = Threshold.objects.filter(kind=run.kind, percent__isnull=False)
    now, before = figures_of(run), figures_of(run.compared_with)
    Excess.objects.bulk_create(
        Excess(
            run=run,
            dimension=threshold.dimension,
            key=key,
            measure=threshold.measure,
            before=earlier,
            now=later,
            percent=threshold.percent,
            least=threshold.least,
        )
        for threshold in thresholds
        for key, earlier, later in _pairs(before, now, threshold)
        if exceeds(threshold, before=earlier, now=later)
    )


def figures_of(run: Run) -> dict[str, dict[str, dict[str, Decimal]]]:
    """A run's rows and yuan by dimension and key; the whole run has the key ""."""
    figures = {Dimension.TOTAL: {"": {Measure.ROWS: Decimal(run.rows), Measure.AMOUNT: run.amount}}}
    for dimension, rows in run.totals.items():
        figures[dimension] = {
            key: {Measure.ROWS: Decimal(count), Measure.AMOUNT: Decimal(yuan)} for key, count, yuan in rows
        }
    return figures


def _pairs(before: dict, now: dict, threshold: Threshold):
    """Of every key that either run has: the key, the figure before and the figure now."""
    earlier, later = before.get(threshold.dimension, {}), now.get(threshold.dimension, {})
    for key in sorted(earlier.keys() | later.keys()):
        yield (
            key,
            earlier.get(key, {}).get(threshold.measure, Decimal(0)),
            later.get(key, {}).get(threshold.measure, Decimal(0)),
        )


def exceeds(threshold: Threshold, *, before: Decimal, now: Decimal) -> bool:
    """Whether the change is more than both the least change and the per cent of what was before."""
    change = abs(now - before)
    return change > threshold.least and change * 100 > threshold.percent * abs(before)


def acknowledge(excess: Excess, *, by: Staff, note: str, origin: Origin) -> None:
    """Put a person's name and note to one finding, for good. Raises RunRefused where that cannot be."""
    if not any(may_in_whole_city(by, right) for right in ("office.prepare_run", "office.review_run")):
        raise RunRefused(_("%(staff)s may not do this: the role does not allow it.") % {"staff": by})
    note = note.strip()[:500]
    if not note:
        raise RunRefused(_("Write down why the change is right."))
    waiting = Excess.objects.filter(pk=excess.pk, acknowledged_at=None, run__state=RunState.COMPUTED)
    with transaction.atomic():
        if not waiting.update(acknowledged_by=by, acknowledged_at=timezone.now(), note=note):
            raise RunRefused(_("This is acknowledged already, or the run no longer awaits review."))
        RunEvent.objects.create(run=excess.run, actor=by, origin=origin, act="acknowledge", reason=note)


def demand_acknowledged(run: Run) -> None:
    """Raise RunRefused unless all is acknowledged and found against the run that still is the one before."""
    if previous_posted(run) != run.compared_with:
        raise RunRefused(
            _("The period before was posted or reversed since %(run)s was computed: send it back.")
            % {"run": run}
        )
    waiting = run.excesses.filter(acknowledged_at=None).count()
    if waiting:
        raise RunRefused(
            _("%(count)s changes beyond the threshold are not acknowledged yet.") % {"count": waiting}
        )
