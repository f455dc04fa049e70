"""What workers have in hand now: runs, imports, visits being settled, exports and bank files."""

from dataclasses import dataclass

from django.db.models import Model, Q, Sum
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from office.admin.imports import WAITING as IMPORTS_WAITING
from office.admin.progress import is_working, progress_of
from office.models import Export, ExportState, ImportFile, Run, RunState, Staff
from settlement.models import BankFile, BankFileState, VisitBatch

SHOWN = 8


@dataclass(frozen=True, kw_only=True)
class Job:
    """What is worked on, where that is told, what is being done to it, and in percent how much is."""

    what: str
    url: str
    said: str
    percent: int | None = None


def running(staff: Staff) -> list[Job]:
    """The jobs this person may look at, oldest first of each kind."""
    found = []
    if staff.has_perm("office.view_run"):
        working = Run.objects.filter(state__in=[RunState.DRAFT, RunState.POSTING], error="")
        runs = [run for run in working.select_related("reverses").order_by("id")[:SHOWN] if is_working(run)]
        found += [_run(run) for run in runs]
    if staff.has_perm("office.view_importfile"):
        whose = Q() if staff.sees_whole_city else Q(uploaded_by=staff)
        files = ImportFile.objects.filter(whose, state__in=IMPORTS_WAITING).order_by("id")[:SHOWN]
        found += [_job(file, file.get_state_display()) for file in files]
    if staff.has_perm("settlement.view_visitbatch"):
        batches = VisitBatch.objects.filter(settled_at=None).exclude(chunks__error__gt="")
        done = Sum("chunks__rows", filter=Q(chunks__settled_at__isnull=False), default=0)
        found += [
            _job(batch, _("Being settled"), percent=100 * batch.done // max(batch.rows, 1))
            for batch in batches.annotate(done=done).order_by("id")[:SHOWN]
        ]
    if staff.has_perm("settlement.view_bankfile"):
        files = BankFile.objects.filter(state=BankFileState.WAITING).order_by("id")[:SHOWN]
        found += [_job(file, file.get_state_display()) for file in files]
    exports = Export.objects.filter(asked_by=staff, state=ExportState.WAITING).order_by("id")[:SHOWN]
    return found + [
        Job(what=str(export), url=reverse("exports"), said=export.get_state_display()) for export in exports
    ]


def _run(run: Run) -> Job:
    progress = progress_of(run)
    if progress is None:
        return _job(run, _("Computing …"))
    return _job(run, run.get_state_display(), percent=progress["percent"])


def _job(record: Model, said: str, *, percent: int | None = None) -> Job:
    meta = record._meta
    url = reverse(f"admin:{meta.app_label}_{meta.model_name}_change", args=[record.pk])
    return Job(what=str(record), url=url, said=str(said), percent=percent)


@require_GET
def running_page(request):
    """The jobs, asked for every second while there are any; then the workbench is loaded anew."""
    jobs = running(request.user)
    headers = {} if jobs else {"HX-Refresh": "true"}
    return TemplateResponse(request, "monitoring/running.html", {"running": jobs}, headers=headers)
