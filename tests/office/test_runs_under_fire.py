"""What becomes of a run when its worker freezes, its messages vanish or the database drops it.

Real processes. A worker is caught in mid-chunk by holding the fund's account, which every chunk moves last:
it has inserted its transfers and waits. What then befalls it does not depend on luck.
"""

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Iterator

import pytest
import redis
from django.conf import settings
from django.utils import timezone
from django_celery_beat.models import IntervalSchedule, PeriodicTask, PeriodicTasks

from accounts.models import Account, Transfer
from accounts.verify import verify_books
from office import runs
from office.models import Run, RunEvent, RunState, WorkingDay
from office.tasks import enqueue, sweep
from policies.month import Month
from tests.population import approved, crowd, member, released
from tests.worker import kill, wait_until, worker

PEOPLE = 400
MARCH = Month(2023, 3)
WAITING = """
    select pid from pg_stat_activity
    where wait_event_type = 'Lock' and usename = 'c441600_app' and query ilike '%accounts_account%'
"""


@pytest.fixture
def run(committed, monkeypatch) -> Run:
    """Four hundred members, 100.00 yuan each, in eight chunks: to be posted, but in nobody's hands yet."""
    crowd(PEOPLE)
    monkeypatch.setattr("accounts.credit.CHUNK_SIZE", PEOPLE // 8)
    # A frozen worker is given up after two seconds here; the worker processes read it from their environment.
    monkeypatch.setenv("IDLE_IN_TRANSACTION_SECONDS", "2")
    run = runs.prepare(kind="credit", scheme="310", period=MARCH, by=member("clerk"), origin="page")
    return released(approved(runs.compute(run.pk)))


@contextlib.contextmanager
def caught_in_mid_chunk(administrator, run: Run) -> Iterator[int]:
    """Have the worker take the run and stop it before its chunk commits; yields its server process's id."""
    with administrator.transaction():
        administrator.execute("select from accounts_account where kind = 'contribution' for update")
        enqueue(run)
        wait_until(lambda: _waiting_for_the_account(administrator), seconds=30)
        yield _waiting_for_the_account(administrator)[0]


def _waiting_for_the_account(administrator) -> tuple | None:
    administrator.execute("select pg_stat_clear_snapshot()")
    return administrator.execute(WAITING).fetchone()


def finish(run: Run) -> None:
    """Ask again, as the sweeper does every minute, until the run is posted."""

    def is_posted() -> bool:
        sweep()
        return Run.objects.get(pk=run.pk).state == RunState.POSTED

    wait_until(is_posted, seconds=60)


def assert_everybody_credited_once() -> None:
    assert Transfer.objects.count() == PEOPLE
    assert Account.objects.filter(kind="person", balance=100).count() == PEOPLE
    assert Account.objects.get(kind="contribution").balance == -100 * PEOPLE
    assert [finding.wrong for finding in verify_books() if finding.wrong] == []


def test_a_worker_frozen_in_mid_chunk_is_replaced_and_does_no_harm_when_it_wakes(run, administrator):
    with worker() as frozen:
        with caught_in_mid_chunk(administrator, run) as pid:
            os.killpg(frozen.pid, signal.SIGSTOP)
        # Its statement ends on the server; nobody is there to go on.
        with worker():
            finish(run)
        assert not administrator.execute("select from pg_stat_activity where pid = %s", [pid]).fetchone()
        os.killpg(frozen.pid, signal.SIGCONT)
        enqueue(run)
        wait_until(lambda: not _messages(), seconds=30)
    assert_everybody_credited_once()


def test_a_run_goes_on_after_the_server_dropped_its_connection(run, administrator):
    with worker():
        with caught_in_mid_chunk(administrator, run) as pid:
            administrator.execute("select pg_terminate_backend(%s)", [pid])
        finish(run)
    assert_everybody_credited_once()


def test_a_run_whose_messages_are_gone_is_asked_for_again(run, administrator):
    """The worker is killed in mid-chunk and the broker emptied: no message knows of the run any more."""
    with worker() as first, caught_in_mid_chunk(administrator, run):
        kill(first)
        redis.Redis.from_url(settings.REDIS_URL).flushall()
    with worker():
        assert not _messages()
        assert Run.objects.get(pk=run.pk).state == RunState.POSTING
        finish(run)
    assert_everybody_credited_once()


def _messages() -> int:
    """Messages waiting or in some worker's hands."""
    broker = redis.Redis.from_url(settings.REDIS_URL)
    prefix = settings.CELERY_BROKER_TRANSPORT_OPTIONS["global_keyprefix"]
    return broker.llen(f"{prefix}celery") + broker.hlen(f"{prefix}unacked")


@contextlib.contextmanager
def beat() -> Iterator[None]:
    """A scheduler process of its own, which looks at the schedule every second."""
    command = [sys.executable, "-m", "celery", "-A", "config", "beat", "--pidfile=", "--max-interval=1"]
    process = subprocess.Popen(
        [*command, "--loglevel=ERROR"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        yield
    finally:
        kill(process)


def test_two_beats_at_once_prepare_one_run(committed):
    """Two schedulers each ask for the month's prepayment every second, two workers hear them."""
    today = timezone.localdate()
    WorkingDay.objects.create(day=today.replace(day=1), working=True)
    enabled = PeriodicTask.objects.filter(enabled=True)
    others = list(enabled.values_list("pk", flat=True))
    enabled.update(enabled=False)
    secondly, _new = IntervalSchedule.objects.get_or_create(every=1, period=IntervalSchedule.SECONDS)
    task = PeriodicTask.objects.create(
        name="prepare every second", task="office.tasks.prepare_due", interval=secondly, args='["prepayment"]'
    )
    try:
        with worker(concurrency=2), beat(), beat():
            wait_until(lambda: Run.objects.exclude(state=RunState.DRAFT).exists(), seconds=60)
            asked = PeriodicTask.objects.get(pk=task.pk).total_run_count
            wait_until(
                lambda: PeriodicTask.objects.get(pk=task.pk).total_run_count >= asked + 2 and not _messages(),
                seconds=60,
            )
    finally:
        task.delete()
        secondly.delete()
        PeriodicTask.objects.filter(pk__in=others).update(enabled=True)
        PeriodicTasks.update_changed()
    run = Run.objects.get()
    assert (run.kind, run.state, str(run.period)) == ("prepayment", RunState.COMPUTED, f"{today:%Y-%m}")
    assert RunEvent.objects.filter(act="prepare").count() == 1
