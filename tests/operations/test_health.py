"""What monitors are told, about real parts that are really stopped."""

import os
import subprocess
import sys
import tempfile
from datetime import timedelta
from pathlib import Path

import pytest
from django.db import connection
from django.utils import timezone
from django_celery_beat.models import IntervalSchedule, PeriodicTask, PeriodicTasks

from config import embedded
from config.broker import broker_at
from operations import tasks
from operations.models import Backup, Heartbeat
from tests.worker import wait_until, worker


@pytest.fixture
def well(db, settings, tmp_path):
    """An office where everything has been heard of within the minute."""
    settings.BACKUP_DIR = tmp_path
    now = timezone.now()
    Heartbeat.objects.create(worker="celery@one", at=now)
    PeriodicTask.objects.filter(name="heartbeat").update(last_run_at=now)
    Backup.objects.create(name="a", started_at=now, finished_at=now, place="/")


def asked(client) -> tuple[int, dict]:
    response = client.get("/health/")
    return response.status_code, response.json()


def test_all_is_well_and_nothing_but_words_is_told(client, well):
    status, told = asked(client)
    assert status == 200
    assert told == {
        "status": "ok",
        "parts": dict.fromkeys(
            ["database", "migrations", "worker", "beat", "backup", "broker", "disk"], "ok"
        ),
    }


def test_a_monitor_is_neither_redirected_nor_asked_for_a_name(client, well, settings):
    settings.SECURE_SSL_REDIRECT = True
    settings.ALLOWED_HOSTS = ["portal.example.cn"]
    for path in ("/health/", "/health/live"):
        assert client.get(path, headers={"host": "10.0.0.7:8000"}).status_code == 200


def test_without_its_broker_the_portal_does_not_serve(client, well, settings):
    with tempfile.TemporaryDirectory(prefix="gongji-test-") as folder:
        directory = Path(folder)
        directory.chmod(0o711)
        settings.REDIS_URL = broker_at(directory).url
        with embedded.in_use("broker", directory, throw_away=True):
            assert asked(client)[0] == 200
        assert embedded.has_stopped("broker", directory)
        status, told = asked(client)
    assert (status, told["status"], told["parts"]["broker"]) == (503, "down", "down")
    assert told["parts"]["database"] == "ok"


def test_without_its_database_the_portal_does_not_serve_but_lives(client, committed, monkeypatch):
    monkeypatch.setitem(connection.settings_dict["OPTIONS"], "host", "/nowhere")
    connection.close()
    status, told = asked(client)
    assert (status, told["parts"]["database"], told["parts"]["worker"]) == (503, "down", "unknown")
    assert client.get("/health/live").status_code == 200


def test_tables_of_another_version_are_not_served(client, well):
    with connection.cursor() as cursor:
        cursor.execute("delete from django_migrations where app = 'operations'")
    status, told = asked(client)
    assert (status, told["parts"]["migrations"]) == (503, "behind")


def test_little_space_left_is_told_before_it_is_gone(client, well, settings):
    settings.DISK_FREE_MIN = 2**60
    status, told = asked(client)
    assert (status, told["parts"]["disk"]) == (503, "low")


@pytest.mark.parametrize("part", ["worker", "beat", "backup"])
def test_who_is_not_heard_of_is_late_while_pages_are_served(client, well, part):
    long_ago = timezone.now() - timedelta(days=2)
    if part == "worker":
        Heartbeat.objects.update(at=long_ago)
    elif part == "beat":
        PeriodicTask.objects.filter(name="heartbeat").update(last_run_at=long_ago)
    else:
        Backup.objects.update(finished_at=long_ago)
        now = timezone.now()
        Backup.objects.create(name="b", started_at=now, finished_at=now, place="/", error="disk full")
    status, told = asked(client)
    assert (status, told["status"]) == (200, "late")
    assert [name for name, word in told["parts"].items() if word == "late"] == [part]


def test_worker_and_beat_leave_their_signs_by_themselves(committed, settings):
    """With real processes; the broker may forget everything without taking the signs along."""
    quick, _created = IntervalSchedule.objects.get_or_create(every=1, period=IntervalSchedule.SECONDS)
    task = PeriodicTask.objects.filter(name="heartbeat")
    before = task.values("interval", "last_run_at").get()
    task.update(interval=quick, last_run_at=None)
    PeriodicTasks.update_changed()
    command = [sys.executable, "-m", "celery", "-A", "config.celery", "beat", "--pidfile="]
    try:
        with worker():
            beat = subprocess.Popen(command, env=os.environ | {"LOG_LEVEL": "ERROR"})
            try:
                wait_until(lambda: task.exclude(last_run_at=None).exists(), seconds=60)
                wait_until(Heartbeat.objects.exists, seconds=60)
            finally:
                beat.kill()
                beat.wait()
    finally:
        task.update(interval=before["interval"], last_run_at=before["last_run_at"])
        PeriodicTasks.update_changed()
    assert Heartbeat.objects.get().worker.startswith("celery@")


def test_workers_long_gone_are_forgotten(db):
    Heartbeat.objects.create(worker="celery@gone", at=timezone.now() - timedelta(days=30))
    tasks.heartbeat()
    assert not Heartbeat.objects.filter(worker="celery@gone").exists()
