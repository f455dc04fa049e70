"""A backup: everything needed to have the city again on an empty server, in one folder.

    gongji-441600-20261122T023000Z/
        manifest.json     what it is, the rows of each table, the digest of each file
        database.dump     pg_dump's custom format, of one moment
        uploads.tar       the files clerks have sent

Columns that are encrypted stay so: their keys are not in a backup and are kept elsewhere.
"""

import json
import os
import re
import shutil
import subprocess
import tarfile
import tempfile
from datetime import datetime
from pathlib import Path

from django.conf import settings
from django.db import Error, connection, transaction
from django.utils import timezone

from operations.health import newest_migrations
from operations.logs import masked
from operations.models import Backup
from operations.postgres_tools import NoSuchTool, environment, same_place, tool
from operations.sealed import Writer

FORMAT = 1
MANIFEST, DUMP, UPLOADS = "manifest.json", "database.dump", "uploads.tar"
PARTIAL = ".partial"
BACKUP_LOCK = 4301  # advisory lock


class BackupFailed(Exception):
    """There is no backup; the text says why."""


def back_up(*, to: Path | None = None) -> Backup:
    """Take a backup into a folder, BACKUP_DIR by default, and remove the oldest beyond BACKUP_KEEP.

    Whether it succeeds or not is recorded. Raises BackupFailed when it does not.
    """
    to, started_at = Path(to or settings.BACKUP_DIR).absolute(), timezone.now()
    name = f"gongji-{settings.CITY}-{started_at:%Y%m%dT%H%M%SZ}"
    record = Backup(name=name, started_at=started_at, place=str(to))
    try:
        manifest = _write(to, name, taken_at=started_at)
    except (Error, OSError, NoSuchTool, BackupFailed) as error:
        record.error, record.finished_at = masked(str(error)), timezone.now()
        record.save()
        raise BackupFailed(record.error) from error
    record.finished_at = timezone.now()
    record.size = sum(part["bytes"] for part in manifest["parts"].values())
    record.rows = sum(manifest["rows"].values())
    record.files = manifest["files"]
    record.encrypted = manifest["encrypted"]
    record.save()
    _remove_old(to)
    return record


def _write(to: Path, name: str, *, taken_at: datetime) -> dict:
    """Write beside its place, then rename: a folder with a backup's name is a whole backup."""
    key = settings.BACKUP_KEY
    to.mkdir(mode=0o700, parents=True, exist_ok=True)
    new = to / f"{name}{PARTIAL}"
    new.mkdir(mode=0o700)
    try:
        database = Writer(new / DUMP, key=key)
        manifest = _dump(database)
        database.close()
        uploads = Writer(new / UPLOADS, key=key)
        files = _pack(uploads)
        uploads.close()
        manifest = {
            "format": FORMAT,
            "city": settings.CITY,
            "taken_at": taken_at.isoformat(),
            "portal": settings.VERSION,
            **manifest,
            "files": files,
            "encrypted": key is not None,
            "parts": {
                DUMP: {"sha256": database.sha256, "bytes": database.size},
                UPLOADS: {"sha256": uploads.sha256, "bytes": uploads.size},
            },
        }
        told = Writer(new / MANIFEST, key=None)
        told.write(json.dumps(manifest, indent=1, ensure_ascii=False).encode())
        told.close()
        _sync(new)
        new.rename(to / name)
        _sync(to)
    except BaseException:
        shutil.rmtree(new, ignore_errors=True)
        raise
    return manifest


def _dump(into: Writer) -> dict:
    """Dump the city's schema as the role that sees all of it, and count the rows at the same moment."""
    with transaction.atomic(durable=True), connection.cursor() as cursor:
        cursor.execute("set transaction isolation level repeatable read, read only")
        cursor.execute("set local idle_in_transaction_session_timeout = 0")
        cursor.execute("select pg_try_advisory_xact_lock(%s)", [BACKUP_LOCK])
        if cursor.fetchone() == (False,):
            raise BackupFailed("Another backup is being taken.")
        cursor.execute("select pg_export_snapshot(), current_schema(), current_setting('server_version')")
        snapshot, schema, version = cursor.fetchone()
        server = connection.connection
        command = [
            tool("pg_dump", server=server),
            "--format=custom",
            "--no-password",
            "--lock-wait-timeout=60s",
            f"--schema={schema}",
            f"--role={settings.JOBS_ROLE}",
            f"--snapshot={snapshot}",
            f"--dbname={same_place(server)}",
        ]
        with tempfile.TemporaryFile() as told:
            process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=told, env=environment(server))
            with process, process.stdout as output:
                rows = rows_of_tables(cursor)
                shutil.copyfileobj(output, into, 2**20)
            if process.returncode != 0:
                told.seek(0)
                raise BackupFailed(f"pg_dump failed: {told.read().decode(errors='replace').strip()}")
    return {"postgresql": version, "migrations": newest_migrations(), "rows": rows}


def rows_of_tables(cursor) -> dict[str, int]:
    """How many rows every table of the city has, as the current role sees them."""
    cursor.execute("select tablename from pg_tables where schemaname = current_schema() order by 1")
    tables = [table for (table,) in cursor.fetchall()]
    counts = {}
    for table in tables:
        cursor.execute(f'select count(*) from "{table}"')
        [(counts[table],)] = cursor.fetchall()
    return counts


def _pack(into: Writer) -> int:
    """All uploads in one archive; a file deleted meanwhile, on its day, is left out."""
    folder, count = Path(settings.MEDIA_ROOT), 0
    with tarfile.open(fileobj=into, mode="w|") as archive:
        for path in sorted(folder.rglob("*")):
            if path.is_symlink() or not path.is_file():
                continue
            try:
                archive.add(path, arcname=str(path.relative_to(folder)))
            except FileNotFoundError:
                continue
            count += 1
    return count


def _remove_old(folder: Path) -> None:
    """Keep the newest BACKUP_KEEP of this city's, whole ones only; what a killed backup left goes too."""
    ours = re.compile(rf"gongji-{settings.CITY}-\d{{8}}T\d{{6}}Z")
    found = sorted(path for path in folder.iterdir() if ours.match(path.name))
    whole = [path for path in found if ours.fullmatch(path.name)]
    left_over = [path for path in found if path.name.endswith(PARTIAL)]
    for path in whole[: -settings.BACKUP_KEEP] + left_over:
        shutil.rmtree(path)


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
