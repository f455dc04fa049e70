"""Lists taken away as files: at once while they are short, in the background when they are long.

What is exported, and how, the list's own admin knows (`table_of`): the same filter, scope and columns as its
page. A worker writes under the rights and the database role that the page had, so that a long list shows no
row more than a short one. The one transaction in which it does so locks the export: a second delivery finds
nothing to do, and what a killed worker left is begun anew.
"""

import tempfile
from collections.abc import Iterator
from datetime import timedelta

from django.apps import apps
from django.conf import settings
from django.contrib.admin import site
from django.core.cache import cache
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import HttpRequest, QueryDict
from django.utils import timezone, translation

from office import documents, uploads
from office.access import record
from office.acting import acting
from office.failures import in_words, passes_by_itself
from office.kinds import Table
from office.models import Act, Export, ExportState, Origin, Staff
from office.sealing import bound, masked, seal, unseal
from office.tables import WRITERS

QUERY = "office_export.query_sealed"
PERMISSION = "office.export_lists"
# A longer list is written in the background.
AT_ONCE = 10_000
TOLD_EVERY = 5_000
PAPERS_TOLD_EVERY = 10
BLOCK = 1 << 20


def ask(
    *,
    listed: str,
    query: str,
    extension: str,
    by: Staff,
    address: str,
    opened_for: str = "",
    paper: str = "",
    part: str = "",
) -> Export:
    """Note that somebody wants a list as a file, or a paper of each of its records.

    `opened_for` says why with numbers in full, if so.
    """
    stored_as = uploads.random_name()
    return Export.objects.create(
        listed=listed,
        query_sealed=seal(query, binding=bound(QUERY, stored_as)),
        extension=extension,
        opened=bool(opened_for),
        reason=opened_for,
        paper=paper,
        part=part,
        language=translation.get_language(),
        address=address,
        stored_as=stored_as,
        asked_by=by,
    )


def write(export_id: int) -> None:
    """Write the file, unless somebody does so already or has done so."""
    export = Export.objects.select_related("asked_by").get(pk=export_id)
    try:
        with (
            acting(
                staff=export.asked_by,
                origin=Origin.PAGE,
                address=export.address,
                because=f"export {export_id}",
                role=settings.PAGES_ROLE,
            ),
            translation.override(export.language),
        ):
            waiting = Export.objects.select_for_update(skip_locked=True, of=("self",))
            if waiting.filter(pk=export_id, state=ExportState.WAITING, forgotten_at=None).first():
                export.rows, export.size = _written(export)
                _finish(export, ExportState.DONE)
                record(
                    Act.EXPORT_OPENED if export.opened else Act.EXPORT,
                    by=export.asked_by,
                    address=export.address,
                    subject=export.listed,
                    detail=detail_of(
                        rows=export.rows,
                        extension=export.extension,
                        query=query_of(export),
                        reason=export.reason,
                    ),
                )
    except Exception as error:
        if passes_by_itself(error):
            raise
        with translation.override(export.language):
            export.error = _refused(error)[:500]
        _finish(export, ExportState.FAILED)
        if not isinstance(error, PermissionDenied):
            raise


def _written(export: Export) -> tuple[int, int]:
    """Rows and size of the file, which lies sealed under the export's name."""
    with tempfile.TemporaryFile() as file:
        if export.paper:
            papers = _told(export, papers_as_asked(export), every=PAPERS_TOLD_EVERY)
            rows = documents.WRITERS[export.extension](papers, file)
        else:
            table = table_as_asked(export)
            told = _told(export, table.rows, every=TOLD_EVERY)
            rows = WRITERS[export.extension](Table(title=table.title, columns=table.columns, rows=told), file)
        size = file.seek(0, 2)
        file.seek(0)
        uploads.path_of(export.stored_as).unlink(missing_ok=True)  # of a worker that was killed
        uploads.store(iter(lambda: file.read(BLOCK), b""), name=export.stored_as)
    return rows, size


def table_as_asked(export: Export) -> Table:
    """The list as its page shows it to whoever asked; raises PermissionDenied if they no longer may."""
    model_admin, request = _asked(export)
    if export.opened and not model_admin.may_open(request):
        raise PermissionDenied
    return model_admin.table_of(request, opened=export.opened)


def papers_as_asked(export: Export) -> Iterator[tuple]:
    """A paper of each record of the list, newly issued; raises PermissionDenied likewise."""
    model_admin, request = _asked(export)
    yield from model_admin.issued(request, name=export.paper, part=export.part)


def _asked(export: Export):
    """The list's admin, and the request as its page would get it."""
    request = HttpRequest()
    request.method, request.user = "GET", export.asked_by
    request.GET = query_of(export)
    model_admin = site.get_model_admin(apps.get_model(export.listed))
    if not export.asked_by.is_active or not model_admin.may_export(request):
        raise PermissionDenied
    return model_admin, request


def query_of(export: Export) -> QueryDict:
    """How the list was filtered; raises Tampered."""
    return QueryDict(unseal(export.query_sealed, binding=bound(QUERY, export.stored_as)))


def _told(export: Export, rows, *, every: int) -> Iterator[tuple]:
    """The rows, while the page is told how many there were so far."""
    for number, row in enumerate(rows, start=1):
        if number % every == 0:
            cache.set(_progress_of(export), number, 3600)
        yield row


def rows_so_far(export: Export) -> int:
    return cache.get(_progress_of(export), 0)


def _progress_of(export: Export) -> str:
    return f"c{settings.CITY}:export:{export.pk}"


def _finish(export: Export, state: ExportState) -> None:
    export.state, export.finished_at = state, timezone.now()
    export.save(update_fields=["state", "finished_at", "rows", "size", "error"])


def _refused(error: Exception) -> str:
    if isinstance(error, PermissionDenied):
        return translation.gettext("You may no longer export this list.")
    return in_words(error)


def forget_old() -> None:
    """Delete files after EXPORTS_KEPT_DAYS; that they were asked for stays on record."""
    before = timezone.now() - timedelta(days=settings.EXPORTS_KEPT_DAYS)
    old = Export.objects.filter(created_at__lt=before, forgotten_at=None)
    for number in list(old.values_list("pk", flat=True)):
        with transaction.atomic():
            for export in old.select_for_update(skip_locked=True, of=("self",)).filter(pk=number):
                forget(export)


def forget(export: Export) -> None:
    """Delete the file, and how its list was filtered."""
    uploads.path_of(export.stored_as).unlink(missing_ok=True)
    export.query_sealed = seal("", binding=bound(QUERY, export.stored_as))
    export.forgotten_at = timezone.now()
    export.save(update_fields=["query_sealed", "forgotten_at"])


def detail_of(*, rows: int, extension: str, query: QueryDict, reason: str = "") -> str:
    """What is noted of an export: how many rows of which format, why opened, and how the list was filtered.

    Nothing personal is written down: what was searched for is masked.
    """
    shown = query.copy()
    shown.setlist("q", [masked(text) for text in query.getlist("q")])
    parts = [f"{rows} {extension}", reason, shown.urlencode(safe="*")]
    return "; ".join(part for part in parts if part)
