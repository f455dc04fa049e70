"""Batches of visits: how far each is, what came of it, and held visits settled again."""

from collections import Counter
from decimal import Decimal

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import Sum
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext
from django.views.decorators.http import require_POST
from unfold.contrib.filters.admin import ChoicesDropdownFilter

from facilities.admin.acts import ActsAdmin, RecordAct
from office.admin.panels import Panel, linked
from office.admin.records import ReadOnlyAdmin
from office.policy import schemes_here
from office.templatetags.figures import badge, whole, yuan
from settlement import batches
from settlement.admin.visits import RefundForm
from settlement.models import VisitBatch, VisitBatchKind, VisitOutcome, VisitState
from settlement.tasks import enqueue


def take_back_all(batch: VisitBatch, *, by, reason: str) -> None:
    enqueue(batches.take_back_all(batch, by=by, reason=reason))


def what_becomes_of(request, batch: VisitBatch) -> list[Panel]:
    """Before a batch is taken back: how many visits would be, and which stay and why."""
    standing = batches.what_stands(batch)
    told = [
        ("standing", _("Take back"), ""),
        ("taken_back", _("Stays"), _("was taken back before")),
        ("refund", _("Stays"), _("is a refund itself")),
        ("unsettled", _("Stands against it"), _("is not settled yet")),
        ("unseen", _("Stands against it"), _("is out of your sight: somebody of the whole city can do it")),
    ]
    return [
        Panel(
            title=_("What becomes of its visits"),
            columns={
                _("What becomes of them"): "text",
                _("Why"): "text",
                pgettext("count", "Visits"): "integer",
                _("Total cost"): "money",
                _("Fund pays"): "money",
                _("Accounts"): "money",
            },
            rows=[(what, why, *standing[name]) for name, what, why in told if name in standing],
        )
    ]


TAKE_BACK_ALL = RecordAct(
    name="refund",
    label=gettext_lazy("Take the whole file back"),
    explained=gettext_lazy(
        "Every visit of the file that stands is taken back by a refund that gives back exactly what it used"
        " of limits and accounts; later visits stay as they were settled."
    ),
    done=gettext_lazy("The visits of the file are being taken back."),
    form=RefundForm,
    do=take_back_all,
    consequences=what_becomes_of,
    open_to=lambda batch: batch.kind == VisitBatchKind.FILE and batch.settled_at,
    permission="settlement.refund_visit",
    danger=True,
)


@admin.register(VisitBatch)
class VisitBatchAdmin(ActsAdmin, ReadOnlyAdmin):
    empty_note = gettext_lazy("Each file of visits that a facility hands in becomes a batch.")
    acts = (TAKE_BACK_ALL,)
    list_display = ["number", "kind", "file", "rows", "standing", "by", "at"]
    list_display_links = ["number"]
    list_filter = [("kind", ChoicesDropdownFilter), ("scheme", ChoicesDropdownFilter)]
    list_before_template = "settlement/held_visits.html"
    ordering = ["-id"]
    sortable_by = ()
    fields = [("number", "kind", "standing"), ("scheme", "source"), ("rows", "reason"), ("by", "at")]
    change_form_outer_before_template = "settlement/batch_head.html"
    panels = []

    def get_urls(self):
        wrap = self.admin_site.admin_view
        return [
            path("held/", wrap(require_POST(self.held_view)), name="settlement_visitbatch_held"),
            path(
                "<int:number>/again/", wrap(require_POST(self.again_view)), name="settlement_visitbatch_again"
            ),
            path("<int:number>/progress/", wrap(self.progress_view), name="settlement_visitbatch_progress"),
            *super().get_urls(),
        ]

    def get_queryset(self, request):
        """With their files, as far as these are in sight: a county's clerk sees none of others."""
        return super().get_queryset(request).select_related("import_file", "takes_back", "by")

    def held_view(self, request):
        """Settle all visits on hold again."""
        if not request.user.has_perm("settlement.add_visit") or not request.user.sees_whole_city:
            raise PermissionDenied
        made = [batches.settle_held_again(scheme=scheme, by=request.user) for scheme in schemes_here()]
        made = [batch for batch in made if batch]
        for batch in made:
            enqueue(batch)
        if made:
            return redirect(reverse("admin:settlement_visitbatch_change", args=[made[-1].pk]))
        messages.info(request, _("No visit is on hold."))
        return redirect(reverse("admin:settlement_visitbatch_changelist"))

    def again_view(self, request, number):
        """Have the chunks that could not be settled taken up again."""
        batch = get_object_or_404(self.get_queryset(request), pk=number)
        if not request.user.has_perm("settlement.add_visit"):
            raise PermissionDenied
        batches.try_again(batch)
        enqueue(batch)
        return redirect(reverse("admin:settlement_visitbatch_change", args=[batch.pk]))

    def progress_view(self, request, number):
        batch = get_object_or_404(self.get_queryset(request), pk=number)
        if batch.settled_at or batch.chunks.exclude(error="").exists():
            return HttpResponse(status=204, headers={"HX-Refresh": "true"})
        return HttpResponse(whole(_settled_rows(batch)))

    def changelist_view(self, request, extra_context=None):
        held = VisitOutcome.objects.filter(state=VisitState.HELD, visit__reversed_by=None)
        may = request.user.has_perm("settlement.add_visit") and request.user.sees_whole_city
        context = {"held": held.count() if may else 0}
        return super().changelist_view(request, {**context, **(extra_context or {})})

    def given_with(self, request, act):
        return {"by": request.user}

    def head_of(self, request, batch) -> dict:
        return {
            "batch": batch,
            "settled": _settled_rows(batch),
            "failed": batch.chunks.exclude(error="").exists(),
            "may": request.user.has_perm("settlement.add_visit"),
            "refunds": [linked(refund) for refund in batch.taken_back_by.order_by("pk")],
        }

    @admin.display(description=gettext_lazy("batch"))
    def number(self, batch):
        return f"#{batch.pk}"

    @admin.display(description=gettext_lazy("file"))
    def file(self, batch):
        return linked(batch.import_file) if batch.import_file else "–"

    @admin.display(description=gettext_lazy("file or batch"))
    def source(self, batch):
        return linked(batch.takes_back) if batch.takes_back else self.file(batch)

    @admin.display(description=gettext_lazy("state"))
    def standing(self, batch):
        if batch.settled_at:
            return badge("done", _("Settled in full"))
        return badge("waiting", _("Being settled"))


def _settled_rows(batch: VisitBatch) -> int:
    return batch.chunks.exclude(settled_at=None).aggregate(rows=Sum("rows", default=0))["rows"]


def came_to(request, batch) -> Panel:
    """How many visits came to what, and what they cost and are paid by whom."""
    totals: Counter[str] = Counter()
    for told in batch.chunks.exclude(settled_at=None).values_list("totals", flat=True):
        totals.update(told)
    cash = totals["total"] - totals["fund"] - totals["account"]
    figures = [(_("Total cost"), "total"), (_("Fund pays"), "fund"), (_("Accounts"), "account")]
    return Panel(
        title=_("What came of it"),
        columns={_("State"): "text", pgettext("count", "Visits"): "integer"},
        rows=[(badge(state, label), totals[state]) for state, label in VisitState.choices if totals[state]],
        figures=[
            *((label, yuan(Decimal(totals[name]).scaleb(-2))) for label, name in figures),
            (_("Cash"), yuan(Decimal(cash).scaleb(-2))),
        ],
        empty=_("Nothing is settled yet."),
        link=(_("All visits"), reverse("admin:settlement_visit_changelist", query={"batch": batch.pk})),
    )


def failures(request, batch) -> Panel | None:
    failed = batch.chunks.exclude(error="").order_by("number")[:50]
    return (
        Panel(
            title=_("Chunks that could not be settled"),
            columns={_("Chunk"): "integer", pgettext("count", "Visits"): "integer", _("Why"): "text"},
            rows=[(chunk.number, chunk.rows, chunk.error) for chunk in failed],
        )
        if failed
        else None
    )


VisitBatchAdmin.panels += [came_to, failures]
