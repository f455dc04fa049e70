"""Background work of monitoring: takes a number, calls one function, and may safely run twice."""

from datetime import timedelta

from celery import shared_task
from django.db import transaction
from django.utils import timezone

from monitoring import benefit_trials
from monitoring.models import BenefitTrial, TrialState

WORKERS = 2  # of one trial at most: month ends go on beside it
WAITED_LONG = timedelta(minutes=5)


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
        enqueue(trial)


def enqueue(trial: BenefitTrial) -> None:
    """Have workers calculate it, once the current transaction is committed."""
    for _worker in range(WORKERS):
        transaction.on_commit(lambda: try_benefits.delay(trial.pk))
