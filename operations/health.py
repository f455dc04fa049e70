"""Whether every part of the portal is well: asked by monitors (`probes.py`) and shown on the system page."""

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path

import redis
from django.conf import settings
from django.db import Error, connection
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder
from django.db.models import Max, TextChoices
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django_celery_beat.models import PeriodicTask
from redis.backoff import NoBackoff
from redis.retry import Retry

from office.acting import acting
from office.models import Origin
from operations.models import Backup, Heartbeat

# Without these no page can be served; without the others work waits, but pages open.
NEEDED = ("database", "migrations", "broker", "disk")
HEARTBEAT_TASK = "heartbeat"
BROKER_SECONDS = 2
DATABASE_MILLISECONDS = 5000


class Status(TextChoices):
    OK = "ok", _("Well")
    LATE = "late", _("Late")
    LOW = "low", _("Nearly full")
    BEHIND = "behind", _("Not up to date")
    DOWN = "down", _("Not answering")
    UNKNOWN = "unknown", _("Not known")


@dataclass(frozen=True, kw_only=True)
class Part:
    """How a part is; `at` is its last sign of life, `detail` is for system administrators only."""

    status: Status
    at: datetime | None = None
    detail: str = ""


def examine() -> dict[str, Part]:
    """Look at every part. Never raises: what cannot be asked is down or not known."""
    return {**_stored(), "broker": broker(), "disk": disk()}


def serves(parts: dict[str, Part]) -> bool:
    """Whether all that is needed to serve pages is well."""
    return all(parts[name].status == Status.OK for name in NEEDED)


def _stored() -> dict[str, Part]:
    """What the database tells: about itself, and of the signs the others leave in it."""
    parts = dict.fromkeys(("database", "migrations", "worker", "beat", "backup"), Part(status=Status.UNKNOWN))
    try:
        with acting(staff=None, origin=Origin.SCHEDULE), connection.cursor() as cursor:
            cursor.execute(f"set local statement_timeout = {DATABASE_MILLISECONDS}")
            cursor.execute("show server_version")
            parts["database"] = Part(status=Status.OK, detail=f"PostgreSQL {cursor.fetchone()[0]}")
            parts["migrations"] = migrations()
            if parts["migrations"].status == Status.OK:
                parts |= {"worker": worker(), "beat": beat(), "backup": backup()}
    except Error:
        connection.close()
        parts["database"] = Part(status=Status.DOWN)
    return parts


@cache
def newest_migrations() -> dict[str, str]:
    """The last migration of each room that this version of the portal knows."""
    return dict(sorted(MigrationLoader(None).graph.leaf_nodes()))


def migrations() -> Part:
    missing = set(newest_migrations().items()) - set(MigrationRecorder(connection).applied_migrations())
    names = ", ".join(f"{room} {name}" for room, name in sorted(missing))
    return Part(status=Status.BEHIND if missing else Status.OK, detail=names)


def worker() -> Part:
    """The worker that was heard of last; one that lives is enough."""
    return _heard(Heartbeat.objects.aggregate(at=Max("at"))["at"], within=settings.HEARTBEAT_LATE)


def beat() -> Part:
    """Beat itself notes in the schedule when it last asked for the heartbeat."""
    asked = PeriodicTask.objects.filter(name=HEARTBEAT_TASK).values_list("last_run_at", flat=True).first()
    return _heard(asked, within=settings.HEARTBEAT_LATE)


def backup() -> Part:
    last = Backup.objects.filter(error="").order_by("-finished_at").first()
    return _heard(last and last.finished_at, within=settings.BACKUP_LATE)


def _heard(at: datetime | None, *, within: timedelta) -> Part:
    in_time = at is not None and timezone.now() - at <= within
    return Part(status=Status.OK if in_time else Status.LATE, at=at)


def broker() -> Part:
    try:
        with _broker() as client:
            server = client.info("server")
    except redis.RedisError:
        return Part(status=Status.DOWN)
    name, version = server.get("server_name", "redis"), server.get("valkey_version", server["redis_version"])
    return Part(status=Status.OK, detail=f"{name.capitalize()} {version}")


def queued() -> int | None:
    """How many tasks no worker has taken yet; None when the broker does not say."""
    try:
        with _broker() as client:
            return client.llen(f"c{settings.CITY}:celery")
    except redis.RedisError:
        return None


def _broker() -> redis.Redis:
    return redis.Redis.from_url(
        settings.REDIS_URL,
        socket_timeout=BROKER_SECONDS,
        socket_connect_timeout=BROKER_SECONDS,
        retry=Retry(NoBackoff(), 0),
    )


def disk() -> Part:
    free = dict(free_bytes())
    low = any(left < settings.DISK_FREE_MIN for left in free.values())
    detail = ", ".join(f"{folder}: {left / 2**30:.1f} GB" for folder, left in free.items())
    return Part(status=Status.LOW if low else Status.OK, detail=detail)


def free_bytes() -> Iterator[tuple[str, int]]:
    """Free space where the portal writes: uploads and backups; a folder not made yet counts by its parent."""
    for folder in (Path(settings.MEDIA_ROOT), Path(settings.BACKUP_DIR)):
        there = next(parent for parent in (folder, *folder.parents) if parent.exists())
        yield str(folder), shutil.disk_usage(there).free
