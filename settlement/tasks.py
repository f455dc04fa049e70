"""Background work on visits and bank files: each takes a number, calls one function, may safely run twice."""

from datetime import timedelta

from celery import shared_task
from django.db import transaction
from django.utils import timezone

from settlement import bank_files, batches
from settlement.models import BankFile, BankFileState, VisitBatch, VisitChunk

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


@shared_task
def write_bank_file(number: int) -> None:
    bank_files.write(number)


@shared_task
def sweep_bank_files() -> None:
    """Ask again for what has waited long: the message may have been lost with its worker."""
    waiting = BankFile.objects.filter(state=BankFileState.WAITING, made_at__lt=timezone.now() - WAITED_LONG)
    for file in waiting:
        enqueue_bank_file(file)


def enqueue_bank_file(file: BankFile) -> None:
    """Have a worker write it, once the current transaction is committed."""
    transaction.on_commit(lambda: write_bank_file.delay(file.pk))
