"""Background work on visits, statements and bank files: each calls one function and may safely run twice."""

from datetime import timedelta

from celery import shared_task
from django.db import transaction
from django.utils import timezone

from facilities.models import Facility
from office.acting import acting
from office.models import Origin, Staff
from policies.month import Month
from settlement import bank_files, batches, reconciling, statements
from settlement.models import BankFile, BankFileState, VisitBatch, VisitChunk

WORKERS = 4  # of one file at most
WAITED_LONG = timedelta(minutes=5)


@shared_task
def settle_visits(batch_id: int) -> None:
    batches.settle(batch_id)
    if VisitBatch.objects.filter(pk=batch_id).exclude(settled_at=None).exists():
        reconciling.compare_visits(batch_id)


@shared_task
def compare_reported(import_id: int) -> None:
    reconciling.compare_reported(import_id)


@shared_task
def compare_facility(scheme: str, month: str, facility_id: int) -> None:
    reconciling.compare(scheme=scheme, month=Month.parse(month), facilities=[facility_id])


@shared_task
def compare_late() -> None:
    """What was entered or reported late, and whose message was lost."""
    reconciling.compare_late()


@shared_task
def sweep_visits() -> None:
    """Ask again for batches that have waited long: the message may have been lost with its worker."""
    waiting = VisitChunk.objects.filter(settled_at=None, error="")
    before = timezone.now() - WAITED_LONG
    for batch in VisitBatch.objects.filter(settled_at=None, at__lt=before, chunks__in=waiting).distinct():
        enqueue(batch)


def enqueue(batch: VisitBatch) -> None:
    """Have workers settle a batch once the current transaction is committed, several of them a large one.

    One that was settled when it was entered is compared with what the facility reported.
    """
    chunks = batch.chunks.filter(settled_at=None).count()
    for _worker in range(min(max(chunks, 1), WORKERS)):
        transaction.on_commit(lambda: settle_visits.delay(batch.pk))


def enqueue_file(import_id: int) -> None:
    for batch in VisitBatch.objects.filter(import_file=import_id):
        enqueue(batch)


def enqueue_comparison(import_id: int) -> None:
    transaction.on_commit(lambda: compare_reported.delay(import_id))


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


@shared_task
def draw_up_statements(scheme: str, month: str, facility_id: int | None, staff_id: int) -> None:
    """On behalf of who asked, and for the facilities they work for."""
    staff = Staff.objects.get(pk=staff_id)
    facility = facility_id and Facility.objects.get(pk=facility_id)
    with acting(staff=staff, origin=Origin.PAGE):
        statements.draw_up(scheme=scheme, month=Month.parse(month), facility=facility, by=staff)


def enqueue_statements(*, scheme: str, month: Month, facility: Facility | None, by: Staff) -> None:
    """Have a worker draw them up, once the current transaction is committed."""
    given = (scheme, str(month), facility and facility.pk, by.pk)
    transaction.on_commit(lambda: draw_up_statements.delay(*given))
