"""Background work of the ledger."""

from celery import shared_task

from accounts.proving import prove_books as prove
from office.models import Origin


@shared_task
def prove_books() -> None:
    prove(origin=Origin.SCHEDULE)
