"""Background work on imports: each task takes a number, calls one function, and may safely run twice."""

from datetime import timedelta

from celery import shared_task
from django.db import transaction
from django.utils import timezone

from office import imports
from office.models import ImportFile, ImportState

WAITED_LONG = timedelta(minutes=2)


@shared_task
def check_import(import_id: int) -> None:
    imports.check(ImportFile.objects.get(pk=import_id))


@shared_task
def apply_import(import_id: int) -> None:
    imports.apply_confirmed(ImportFile.objects.get(pk=import_id))


@shared_task
def sweep_imports() -> None:
    """Ask again for what waits for a worker: the message may have been lost with one."""
    waiting = ImportFile.objects.filter(
        state__in=[ImportState.UPLOADED, ImportState.APPLYING], created_at__lt=timezone.now() - WAITED_LONG
    )
    for import_file in waiting:
        enqueue(import_file)


def enqueue(import_file: ImportFile) -> None:
    """Have a worker take the file's next step, once the current transaction is committed."""
    task = apply_import if import_file.state == ImportState.APPLYING else check_import
    transaction.on_commit(lambda: task.delay(import_file.pk))
