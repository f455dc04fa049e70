"""Background work of monitoring: takes a number, calls one function, and may safely run twice."""

from datetime import timedelta

from celery import shared_task
from django.db import transaction
from django.utils import timezone

from monitoring import benefit_trials, fund
from monitoring.models import BenefitTrial, TrialState
from monitoring.watching import watch
from policies.month import Month

LATE_MONTHS = 3  # visits come late, and are taken back late
TRIAL_WORKERS = 2  # of one trial at most: month ends go on beside it
WAITED_LONG = timedelta(minutes=5)


@shared_task
def watch_recent() -> None:
    """Every night: this month and those before into which visits still come."""
    month = Month.of(timezone.localdate())
    for back in range(LATE_MONTHS):
        watch(month - back)


@shared_task
def watch_month(month: str) -> None:
    watch(Month.parse(month))


def enqueue_watch(month: Month) -> None:
    """Have a worker watch the month, once the current transaction is committed."""
    transaction.on_commit(lambda: watch_month.delay(str(month)))


@shared_task
def sum_fund() -> None:
    """Every night: the sums of the months whose books are open."""
    fund.refresh()


def enqueue_fund() -> None:
    """Have a worker sum the fund, once the current transaction is committed."""
    transaction.on_commit(sum_fund.delay)


@shared_task
def try_benefits(trial_id: int) -> None:
    benefit_trials.work(trial_id)


@shared_task
def sweep_benefit_trials() -> None:
    """Ask again for what has waited long: the message may have been lost with its worker."""
    waiting = BenefitTrial.objects.filter(
        state=TrialState.WORKING, created_at__lt=timezone.now() - WAITED_LONG
    )
    for trial in waiting:
        enqueue_trial(trial)


def enqueue_trial(trial: BenefitTrial) -> None:
    """Have workers calculate it, once the current transaction is committed."""
    for _worker in range(TRIAL_WORKERS):
        transaction.on_commit(lambda: try_benefits.delay(trial.pk))
