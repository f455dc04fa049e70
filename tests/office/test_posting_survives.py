"""Posting under fire: killed workers, doubled messages, two people at once. Real processes, real signals."""

import random
import subprocess
import sys
import threading
from decimal import Decimal

import pytest
from django.db import connection, connections

from accounts import posting
from accounts.models import Account, Transfer
from accounts.verify import verify_books
from office import runs
from office.chunks import post_chunks
from office.models import Run, RunState
from office.tasks import enqueue, post_run, sweep
from policies.month import Month
from tests.population import approved, crowd, member, posted, released
from tests.worker import kill, kill_what_works, wait_until, worker

PEOPLE = 4_000
MARCH = Month(2023, 3)


@pytest.fixture
def town(committed):
    """Four thousand active members with bases from 2000.00 to 2199.99 yuan."""
    crowd(PEOPLE, base="2000 + mod(id, 20000) / 100.0")
    return member("clerk"), member("reviewer")


def approved_run(clerk, _reviewer, *, chunk_size: int, monkeypatch) -> Run:
    monkeypatch.setattr("accounts.credit.CHUNK_SIZE", chunk_size)
    run = runs.compute(runs.prepare(kind="credit", scheme="310", period=MARCH, by=clerk, origin="page").pk)
    return approved(run)


def expected_total() -> Decimal:
    """Σ round half up (2 % of every base), in whole 分 and plain Python."""
    with connection.cursor() as cursor:
        cursor.execute("select base from insured_enrolment")
        return sum(((int(base * 100) * 2 + 50) // 100 for (base,) in cursor), 0) / Decimal(100)


def assert_everybody_credited_once() -> None:
    assert Transfer.objects.count() == PEOPLE
    assert Transfer.objects.values("credit").distinct().count() == PEOPLE
    assert Account.objects.filter(kind="person", balance__gt=0).count() == PEOPLE
    total = expected_total()
    assert Account.objects.get(kind="contribution").balance == -total
    assert [finding.wrong for finding in verify_books() if finding.wrong] == []


def test_ten_kills_in_mid_posting_leave_exact_totals(town, monkeypatch):
    """What posts is killed -9 ten times at seeded random moments; each time another process takes over."""
    moments = random.Random(20230331)
    run = approved_run(*town, chunk_size=5, monkeypatch=monkeypatch)
    released(run)
    with worker() as process:
        sweep()
        for kills in range(1, 11):
            done = run.chunks.exclude(posted_at=None).count()
            target = done + moments.randint(5, 40)
            # Looked at often: a quick machine posts hundreds of chunks in the time between two looks.
            there = run.chunks.filter(number__gte=target).exclude(posted_at=None)
            wait_until(there.exists, seconds=60, every=0.001)
            kill_what_works(process)
            run.refresh_from_db()
            assert run.state == RunState.POSTING, f"finished after {kills} kills: make more chunks"
        wait_until(lambda: Run.objects.get(pk=run.pk).state == RunState.POSTED, seconds=120)
    assert_everybody_credited_once()


def test_a_killed_workers_task_comes_back_by_itself(town, monkeypatch):
    run = approved_run(*town, chunk_size=10, monkeypatch=monkeypatch)
    released(run)
    with worker() as process:
        enqueue(run)
        wait_until(lambda: run.chunks.exclude(posted_at=None).exists(), seconds=60)
        kill(process)
    with worker():
        wait_until(lambda: Run.objects.get(pk=run.pk).state == RunState.POSTED, seconds=120)
    assert_everybody_credited_once()


def test_a_message_delivered_three_times_pays_once(town, monkeypatch):
    run = approved_run(*town, chunk_size=1000, monkeypatch=monkeypatch)
    released(run)
    with worker(concurrency=2):
        for _delivery in range(3):
            post_run.delay(run.pk)
        wait_until(lambda: Run.objects.get(pk=run.pk).state == RunState.POSTED, seconds=120)
    assert_everybody_credited_once()


def test_the_same_month_from_two_processes_is_one_run(town):
    """Both start at the same moment; one computes the month, the other is told which run does."""
    command = [sys.executable, "manage.py", "run", "credit", "--month", "2023-03"]
    both = [
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) for _ in range(2)
    ]
    outcomes = sorted((process.communicate(timeout=120), process.returncode) for process in both)
    assert sorted(code for _output, code in outcomes) == [0, 1]
    run = Run.objects.get()
    [(_out, refusal)] = [output for output, code in outcomes if code]
    assert f"#{run.pk}" in refusal
    assert run.rows == PEOPLE


def test_twenty_threads_reverse_a_run_once(town, monkeypatch):
    run = approved_run(*town, chunk_size=posting.CHUNK_SIZE, monkeypatch=monkeypatch)
    released(run)
    post_chunks(run.pk)
    outcomes = []

    def reverse():
        try:
            runs.reverse(Run.objects.get(pk=run.pk), by=town[1], origin="page", reason="trial")
            outcomes.append("reversed")
        except runs.RunRefused:
            outcomes.append("refused")
        finally:
            connections.close_all()

    threads = [threading.Thread(target=reverse) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["refused"] * 19 + ["reversed"]
    posted(Run.objects.get(reverses=run))
    assert not Account.objects.filter(kind="person").exclude(balance=0).exists()
    assert [finding.wrong for finding in verify_books() if finding.wrong] == []
