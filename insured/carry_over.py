"""Carry-over of facility selections on 31 December: last year's choice holds for who made none (Heyuan 18).

The period of the run is the year that ends; the selections it enters are those of the year after.
"""

from django.db.models import Count
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from facilities.models import Facility
from insured.models import ProposedSelection, Selection
from office.kinds import Computed, RunKind, Table
from office.models import Run, RunChunk, RunKindName
from office.policy import pack_of
from office.refusal import RunRefused
from office.statements import execute, fetch
from policies.month import Month
from policies.pack import Pack


def compute(run: Run) -> Computed:
    """Who keeps which facility in the new year, and who cannot."""
    january = _january_after(run)
    ProposedSelection.objects.filter(run_id=run.pk).delete()
    execute(
        "insured/carry_over_propose",
        run=run.pk,
        scheme=run.scheme,
        january=january.first_day,
        december=(january - 1).first_day,
    )
    pack = pack_of(run.policy)
    execute(
        "insured/carry_over_exceptions",
        run=run.pk,
        scheme=run.scheme,
        january=january.first_day,
        december=(january - 1).first_day,
        article=pack.entry("selection_carries_over", january).article,
        agreement=pack.gates.articles["facility_not_contracted"],
    )
    execute("insured/carry_over_chunk", run=run.pk)
    kept = ProposedSelection.objects.filter(run_id=run.pk, agreed=True).values_list("facility_id")
    codes = dict(Facility.objects.values_list("pk", "code"))
    by_facility = sorted((codes[facility], rows, "0.00") for facility, rows in kept.annotate(Count("pk")))
    return Computed(totals={"facility": by_facility})


def post(run: Run, chunk: RunChunk) -> str:
    """Enter the selections; raises RunRefused when somebody chose since the run was computed."""
    [(digest,)] = fetch("insured/carry_over_post", run=run.pk, january=_january_after(run).first_day)
    if digest != chunk.digest:
        raise RunRefused(
            _("Somebody has selected a facility since this was computed: cancel the run and prepare it anew.")
        )
    return digest


def compute_undo(run: Run) -> Computed:
    """One chunk for all selections of the reversed run that are as it entered them."""
    untouched = _untouched(run)
    RunChunk.objects.create(
        run=run, number=1, rows=untouched.count(), amount=0, digest=run.reverses.input_hash
    )
    return Computed()


def post_undo(run: Run, chunk: RunChunk) -> str:
    """Take the carried selections out again, but for people who have changed their facility meanwhile."""
    _untouched(run).delete()
    return chunk.digest


def selections_table(run: Run) -> Table:
    """Who keeps which facility."""
    lines = (
        Selection.objects.filter(run_id=run.pk)
        if run.posted_at
        else ProposedSelection.objects.filter(run_id=run.pk, agreed=True)
    )
    return Table(
        title=_("Carried selections %(year)s") % {"year": run.period.year + 1},
        columns={
            _("Person number"): "text",
            pgettext("person", "Name"): "text",
            _("Facility code"): "text",
            _("Facility"): "text",
        },
        rows=lines.order_by("facility__code", "person")
        .values_list("person__person_number", "person__name", "facility__code", "facility__name")
        .iterator(),
    )


def carries_over(pack: Pack) -> bool:
    """Whether a choice holds for the next year when nobody changes it."""
    stated = pack.values.get("selection_carries_over")
    return stated is not None and any(entry.figure for entry in stated.entries)


def _january_after(run: Run) -> Month:
    return Month(run.period.year + 1, 1)


def _untouched(run: Run):
    december = Month(run.period.year + 1, 12)
    return Selection.objects.filter(run_id=run.reverses_id, last_month=december)


UNDO = RunKind(name=RunKindName.REVERSAL, compute=compute_undo, post_chunk=post_undo)
CARRY_OVER = RunKind(
    name=RunKindName.CARRY_OVER,
    applies=carries_over,
    latest=lambda month: Month(month.year, 1),
    compute=compute,
    post_chunk=post,
    mirror=UNDO,
    export=selections_table,
)
