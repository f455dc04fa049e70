"""Background work on bank files: takes a number, calls one function, and may safely run twice."""

from datetime import timedelta

from celery import shared_task
from django.db import transaction
from django.utils import timezone

from settlement import bank_files
from settlement.models import BankFile, BankFileState

WAITED_LONG = timedelta(minutes=5)


@shared_task
def write_bank_file(number: int) -> None:
    bank_files.write(number)


@shared_task
def sweep_bank_files() -> None:
    """Ask again for what has waited long: the message may have been lost with its worker."""
    waiting = BankFile.objects.filter(state=BankFileState.WAITING, made_at__lt=timezone.now() - WAITED_LONG)
    for file in waiting:
        enqueue(file)


def enqueue(file: BankFile) -> None:
    """Have a worker write it, once the current transaction is committed."""
    transaction.on_commit(lambda: write_bank_file.delay(file.pk))
