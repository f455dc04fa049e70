"""Background work: each task takes a number, calls one function, and may safely run twice."""

from celery import shared_task
from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from office import export_tasks, exports, heads, import_tasks, imports, runs, schedule, sessions
from office.chunks import post_chunks
from office.models import Run, RunState


@shared_task
def compute_run(run_id: int) -> None:
    runs.compute(run_id)


@shared_task
def post_run(run_id: int) -> None:
    post_chunks(run_id)


def waiting_for_a_worker() -> QuerySet[Run]:
    """Runs whose next step is a worker's; a draft computed before was sent back to its preparer."""
    never_computed = Q(state=RunState.DRAFT, computed_at=None)
    return Run.objects.filter(never_computed | Q(state=RunState.POSTING), error="")


@shared_task
def sweep() -> None:
    """Ask again for all that waits for a worker: the message may have been lost with one."""
    import_tasks.enqueue_waiting()
    imports.forget_old_files()
    export_tasks.enqueue_waiting()
    exports.forget_old()
    sessions.forget_old()
    for run in waiting_for_a_worker():
        enqueue(run)


@shared_task
def prepare_due(kind: str) -> None:
    """Prepare what the calendar says is due today; asked on more days than one, it prepares once."""
    for run in schedule.prepare_due(kind=kind, today=timezone.localdate()):
        enqueue(run)


@shared_task
def seal_history() -> None:
    heads.seal()


def enqueue(run: Run) -> None:
    """Have a worker take the run's next step, once the current transaction is committed."""
    task = post_run if run.state == RunState.POSTING else compute_run
    transaction.on_commit(lambda: task.delay(run.pk))
