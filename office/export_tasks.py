"""Background work on exports: takes a number, calls one function, and may safely run twice."""

from datetime import timedelta

from celery import shared_task
from django.db import transaction
from django.utils import timezone

from office import exports
from office.models import Export, ExportState

WAITED_LONG = timedelta(minutes=5)


@shared_task
def write_export(export_id: int) -> None:
    exports.write(export_id)


def enqueue(export: Export) -> None:
    """Have a worker write it, once the current transaction is committed."""
    transaction.on_commit(lambda: write_export.delay(export.pk))


def enqueue_waiting() -> None:
    """Ask again for what has waited long: the message may have been lost with its worker."""
    waiting = Export.objects.filter(state=ExportState.WAITING, forgotten_at=None)
    for export in waiting.filter(created_at__lt=timezone.now() - WAITED_LONG):
        enqueue(export)
