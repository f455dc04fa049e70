"""What is credited already, and by which runs: no kind misses or doubles what another posted."""

from collections.abc import Iterable

from django.utils.translation import gettext as _

from accounts.models import RunLine
from office.models import Run, RunKindName, RunState
from office.refusal import RunRefused
from office.statements import fetch
from policies.month import Month

CREDITING = (RunKindName.CREDIT, RunKindName.LUMP_CREDIT)


def credited_by(scheme: str) -> list[int]:
    """The posted runs whose credits stand."""
    return _posted(scheme, CREDITING)


def adjusted_by(scheme: str) -> list[int]:
    """The posted runs whose adjustments stand."""
    return _posted(scheme, [RunKindName.ADJUSTMENT])


def _posted(scheme: str, kinds) -> list[int]:
    posted = Run.objects.filter(kind__in=kinds, scheme=scheme, state=RunState.POSTED)
    return list(posted.order_by("pk").values_list("pk", flat=True))


def demand_not_adjusted(scheme: str, months: Iterable[Month]) -> None:
    """Raise RunRefused when adjustments of one of the months stand: they rest on what was credited for it."""
    lines = RunLine.objects.filter(run_id__in=adjusted_by(scheme), covers__in=months)
    line = lines.order_by("run_id").first()
    if line is not None:
        raise _adjusted(line.run_id, line.covers)


def demand_lines_not_adjusted(run: Run) -> None:
    """Raise RunRefused when an adjustment stands of what the run's own lines credit."""
    for number, month in fetch("accounts/lines_adjusted", run=run.pk, adjusted_by=adjusted_by(run.scheme)):
        raise _adjusted(number, Month.of(month))


def _adjusted(number: int, month: Month) -> RunRefused:
    return RunRefused(
        _("%(run)s adjusts what was credited for %(month)s: reverse it first.")
        % {"run": Run.objects.get(pk=number), "month": month}
    )


def demand_not_credited(run: Run, months: Iterable[Month]) -> None:
    """Raise RunRefused when another run has credited a month of a line since the run was computed."""
    found = fetch("accounts/credited_meanwhile", run=run.pk, months=[month.first_day for month in months])
    if found:
        raise RunRefused(
            _("Somebody was credited for %(month)s since %(run)s was computed: send it back.")
            % {"month": Month.of(found[0][0]), "run": run}
        )
