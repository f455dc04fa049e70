"""Watching months in the background; may safely run twice."""

from celery import shared_task
from django.db import transaction
from django.utils import timezone

from monitoring.watching import watch
from policies.month import Month

LATE_MONTHS = 3  # visits come late, and are taken back late


@shared_task
def watch_recent() -> None:
    """Every night: this month and those before into which visits still come."""
    month = Month.of(timezone.localdate())
    for back in range(LATE_MONTHS):
        watch(month - back)


@shared_task
def watch_month(month: str) -> None:
    watch(Month.parse(month))


def enqueue(month: Month) -> None:
    """Have a worker watch the month, once the current transaction is committed."""
    transaction.on_commit(lambda: watch_month.delay(str(month)))
