"""Background work on visits: each task takes a number, calls one function, and may safely run twice."""

from datetime import timedelta

from celery import shared_task
from django.db import transaction
from django.utils import timezone

from settlement import batches
from settlement.models import VisitBatch, VisitChunk

WORKERS = 4  # of one file at most
WAITED_LONG = timedelta(minutes=5)


@shared_task
def settle_visits(batch_id: int) -> None:
    batches.settle(batch_id)


@shared_task
def sweep_visits() -> None:
    """Ask again for batches that have waited long: the message may have been lost with its worker."""
    waiting = VisitChunk.objects.filter(settled_at=None, error="")
    before = timezone.now() - WAITED_LONG
    for batch in VisitBatch.objects.filter(settled_at=None, at__lt=before, chunks__in=waiting).distinct():
        enqueue(batch)


def enqueue(batch: VisitBatch) -> None:
    """Have workers settle a batch once the current transaction is committed, several of them a large one."""
    chunks = batch.chunks.filter(settled_at=None).count()
    for _worker in range(min(chunks, WORKERS)):
        transaction.on_commit(lambda: settle_visits.delay(batch.pk))


def enqueue_file(import_id: int) -> None:
    for batch in VisitBatch.objects.filter(import_file=import_id):
        enqueue(batch)
