"""What must not be under way at the same time, in one table; a collision is told before anything starts.

The database stays the last word: one live run of a period, chunks claimed once, digests of what was computed.
"""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from office.models import ImportFile, ImportState, Run, RunKindName, RunState
from office.refusal import RunRefused

CREDIT, LUMP_CREDIT, ADJUSTMENT = RunKindName.CREDIT, RunKindName.LUMP_CREDIT, RunKindName.ADJUSTMENT
PREPAYMENT, CLEARING = RunKindName.PREPAYMENT, RunKindName.CLEARING
YEAR_END, CARRY_OVER = RunKindName.YEAR_END, RunKindName.CARRY_OVER
CREDITS = (CREDIT, LUMP_CREDIT, ADJUSTMENT)

# Kinds that move a facility's advances.
ADVANCING = (PREPAYMENT, CLEARING, YEAR_END)

# Steps at which a collision is looked for.
PREPARE, APPROVE, POST = "prepare", "approve", "post"
ALWAYS = (PREPARE, APPROVE, POST)

UNDER_WAY = (RunState.POSTING,)
LIVE = tuple(state for state in RunState if state not in (RunState.REVERSED, RunState.CANCELLED))
SAME_PERIOD = ("kind", "scheme", "period")
SAME_SCHEME = ("scheme",)


@dataclass(frozen=True, kw_only=True)
class Clash:
    """Runs of the kinds `of`, at the steps `at`, do not go together with what is named after.

    runs: kinds of other runs that stand against it while in one of `states`, agreeing in the columns `same`.
    reversals: kinds whose reversal stands against it, likewise.
    files: layouts of imports that stand against it while they are being applied.
    """

    of: tuple
    at: tuple = ALWAYS
    runs: tuple = ()
    reversals: tuple = ()
    states: tuple = UNDER_WAY
    same: tuple = SAME_SCHEME
    files: tuple = ()


# A reversal is held to what the kind it reverses is held to.
CLASHES = (
    # What a run is computed from, or will write, is just being changed by a file.
    Clash(of=(CREDIT, ADJUSTMENT), files=("enrolments", "endings")),
    Clash(of=(LUMP_CREDIT,), files=("enrolments", "endings", "lump_credits")),
    Clash(of=(PREPAYMENT,), files=("enrolments", "endings", "selections", "facilities", "agreements")),
    Clash(of=(CLEARING,), files=("usage",)),
    Clash(of=(YEAR_END,), files=("enrolments", "endings", "selections", "facilities", "agreements", "usage")),
    Clash(of=(CARRY_OVER,), files=("enrolments", "endings", "selections", "facilities", "agreements")),
    # Advances and what was overpaid are counted by one while the other moves them.
    *(
        Clash(
            of=(kind,),
            at=(APPROVE, POST),
            runs=tuple(other for other in ADVANCING if other != kind),
            reversals=ADVANCING,
        )
        for kind in ADVANCING
    ),
    # The heads of a January come from the selections that are just being carried over.
    Clash(of=(PREPAYMENT,), runs=(CARRY_OVER,), reversals=(CARRY_OVER,)),
    # What one credits or takes back of a month the others have to see.
    *(
        Clash(
            of=(kind,),
            at=(APPROVE, POST),
            runs=tuple(other for other in CREDITS if other != kind),
            reversals=CREDITS,
        )
        for kind in CREDITS
    ),
    # One live run of a period.
    *(
        Clash(of=(kind,), at=(PREPARE,), runs=(kind,), states=LIVE, same=SAME_PERIOD)
        for kind in (*CREDITS, PREPAYMENT, CLEARING, YEAR_END, CARRY_OVER)
    ),
)

# The other way round: files that wait while a run of these kinds, or its reversal, is being posted.
ENTERED_BY = dict.fromkeys(("selections", "enrolments", "endings"), (CARRY_OVER,))


def demand_free(run: Run, *, at: str) -> None:
    """Raise RunRefused, naming the run or the file, when something that collides with a run is under way."""
    kind = run.reverses.kind if run.reverses else run.kind
    for clash in CLASHES:
        if kind not in clash.of or at not in clash.at:
            continue
        other = _files(clash).first() or _runs(clash, run).first()
        if other is not None:
            raise RunRefused(_refusal(other))


def _files(clash: Clash) -> QuerySet[ImportFile]:
    writing = (ImportState.APPLYING, ImportState.UNDOING)
    return ImportFile.objects.filter(layout__in=clash.files, state__in=writing).order_by("pk")


def _runs(clash: Clash, run: Run) -> QuerySet[Run]:
    kinds = Q(kind__in=clash.runs) | Q(kind=RunKindName.REVERSAL, reverses__kind__in=clash.reversals)
    same = {column: getattr(run, column) for column in clash.same}
    others = Run.objects.filter(kinds, state__in=clash.states, **same).exclude(pk=run.pk)
    return others.exclude(pk=run.reverses_id).select_related("reverses").order_by("pk")


def _refusal(other: Run | ImportFile) -> str:
    if isinstance(other, ImportFile):
        return _(
            "The file %(file)s (import %(number)s) is being applied just now: wait until it is done."
        ) % {
            "file": other.name,
            "number": other.pk,
        }
    if other.state == RunState.POSTING:
        return _("%(run)s is under way: wait until it is posted.") % {"run": other}
    return _("Run %(run)s (%(state)s) already does this; look at it, or cancel or reverse it first.") % {
        "run": other,
        "state": other.get_state_display(),
    }


def computed_from(layout: str, *, since: datetime) -> QuerySet[Run]:
    """Live runs that were computed since then from what files of this layout enter."""
    kinds = {kind for clash in CLASHES if layout in clash.files for kind in clash.of}
    return Run.objects.filter(kind__in=kinds, computed_at__gt=since, state__in=LIVE).order_by("pk")


def run_in_the_way_of(layout: str) -> Run | None:
    """The run being posted that enters the same records as a file of this layout, if there is one."""
    writers = Q(kind__in=ENTERED_BY.get(layout, ())) | Q(reverses__kind__in=ENTERED_BY.get(layout, ()))
    return Run.objects.filter(writers, state=RunState.POSTING).select_related("reverses").first()
