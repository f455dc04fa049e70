"""Background work on imports: each task takes a number, calls one function, and may safely run twice."""

from datetime import timedelta

from celery import shared_task
from django.db import transaction
from django.utils import timezone

from office import imports, undoing
from office.models import ImportFile, ImportState

UNCHECKED = (ImportState.UPLOADED, ImportState.CHECKING)
WAITED_LONG = timedelta(minutes=5)


@shared_task
def check_import(import_id: int) -> None:
    if ImportFile.objects.filter(pk=import_id, state__in=UNCHECKED).update(state=ImportState.CHECKING):
        imports.check(ImportFile.objects.get(pk=import_id))


@shared_task
def apply_import(import_id: int) -> None:
    imports.apply_confirmed(ImportFile.objects.get(pk=import_id))


@shared_task
def undo_import(import_id: int) -> None:
    undoing.undo_confirmed(ImportFile.objects.get(pk=import_id))


NEXT = {ImportState.APPLYING: apply_import, ImportState.UNDOING: undo_import}


def enqueue(import_file: ImportFile) -> None:
    """Have a worker take the file's next step, once the current transaction is committed."""
    task = NEXT.get(import_file.state, check_import)
    transaction.on_commit(lambda: task.delay(import_file.pk))


def enqueue_waiting() -> None:
    """Ask again for every file that has waited long: the message may have been lost with its worker."""
    states = [*UNCHECKED, *NEXT]
    for import_file in ImportFile.objects.filter(
        state__in=states, created_at__lt=timezone.now() - WAITED_LONG
    ):
        enqueue(import_file)
