"""Having a city again from its backup, and making sure that it is all there.

Nothing is removed: what a restore replaces is set aside under another name, and put back when it fails.
"""

import hashlib
import json
import os
import shutil
import subprocess
import tarfile
import tempfile
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path

import psycopg
from django.conf import settings
from django.contrib.sessions.models import Session
from django.db import Error, connection, connections
from django.utils import timezone
from psycopg import sql

from accounts.verify import verify_books
from office.city_schema import set_up_city_schema
from operations.backup import DUMP, FORMAT, MANIFEST, UPLOADS, rows_of_tables
from operations.health import newest_migrations
from operations.postgres_tools import environment, same_place, tool
from operations.sealed import Unreadable, reader


class RestoreRefused(Exception):
    """Nothing was restored, and everything is as it was; the text says why."""


def read_manifest(folder: Path) -> dict:
    """What the backup says of itself, once every file in it is found to be as it was written.

    Raises RestoreRefused when it is damaged, of another city, or of another version of the portal.
    """
    try:
        manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise RestoreRefused(f"{folder} is not a backup: its {MANIFEST} cannot be read.") from error
    if manifest.get("format") != FORMAT:
        raise RestoreRefused(f"The backup is of format {manifest.get('format')}; this portal reads {FORMAT}.")
    if manifest["city"] != settings.CITY:
        raise RestoreRefused(f"The backup is of city {manifest['city']}; this portal serves {settings.CITY}.")
    for name, part in manifest["parts"].items():
        path = folder / name
        if not path.is_file() or path.stat().st_size != part["bytes"] or _sha256(path) != part["sha256"]:
            raise RestoreRefused(f"{name} is damaged: it is not what was written on {manifest['taken_at']}.")
    if manifest["migrations"] != newest_migrations():
        raise RestoreRefused(
            f"The backup was taken by version {manifest['portal']} of the portal, whose tables are others "
            "than this version's. Install that version, restore, then upgrade as usual."
        )
    return manifest


def restore(folder: Path, *, admin_url: str, replace: bool, say: Callable[[str], None]) -> list[str]:
    """Restore the database and the uploads; returns what differs from the backup, nothing if all is well.

    `admin_url` is of a superuser of the server that DATABASE_URL names.
    Raises RestoreRefused when there is something already and `replace` is false.
    """
    manifest = read_manifest(folder)
    key = settings.BACKUP_KEY if manifest["encrypted"] else None
    if manifest["encrypted"] and key is None:
        raise RestoreRefused("The backup is encrypted: set BACKUP_KEY to the key it was written with.")
    now = timezone.now()
    uploads = Path(settings.MEDIA_ROOT)
    if not replace and uploads.exists() and any(uploads.iterdir()):
        raise RestoreRefused(f"There are uploads in {uploads} already. To set them aside, say --replace.")
    say("Unpacking the uploads ...")
    unpacked = uploads.with_name(f"{uploads.name}.new")
    try:
        _unpack(folder / UPLOADS, key=key, into=unpacked)
        say("Restoring the database ...")
        set_aside = _restore_database(folder / DUMP, key=key, admin_url=admin_url, replace=replace, now=now)
    except BaseException as error:
        shutil.rmtree(unpacked, ignore_errors=True)
        if isinstance(error, Unreadable):
            raise RestoreRefused(str(error)) from error
        raise
    _put_in_place(unpacked, uploads, now=now)
    if set_aside:
        say(f"What was there before is kept in schema {set_aside}.")
    say("Comparing with the backup, and proving the books ...")
    try:
        differences = list(_differences(manifest))
        Session.objects.all().delete()  # who was signed in then is not now
    except Error as error:
        return [f"DATABASE_URL does not lead to what was restored: {error}"]
    return differences


def _restore_database(
    dump: Path, *, key: bytes | None, admin_url: str, replace: bool, now: datetime
) -> str | None:
    """Put the schema in place in one transaction; returns the name of the one set aside, if it held anything.

    The schema in place is moved away even when it is empty: the rights it gives to new tables would
    otherwise hand back what the backup has taken away.
    """
    database, schema = settings.DATABASES["default"]["NAME"], f"c{settings.CITY}"
    connections.close_all()
    set_up_city_schema(
        admin_url,
        city=settings.CITY,
        database=database,
        owner_password=os.environ.get("DATABASE_OWNER_PASSWORD"),
        app_password=os.environ.get("DATABASE_APP_PASSWORD"),
    )
    aside = f"{schema}_until_{now:%Y%m%dt%H%M%S}"
    with psycopg.connect(admin_url, dbname=database, autocommit=True) as admin:
        found = admin.execute("select count(*) from pg_tables where schemaname = %s", [schema]).fetchone()[0]
        if found and not replace:
            raise RestoreRefused(
                f"City {settings.CITY} has {found} tables here already. To set them aside, say --replace."
            )
        working = "select count(*) from pg_stat_activity where datname = %s and usename = any(%s)"
        if admin.execute(working, [database, [schema, f"{schema}_app"]]).fetchone()[0]:
            raise RestoreRefused("The portal is at work in this database. Stop web, worker and beat first.")
        _rename(admin, schema, aside)
        try:
            _load(dump, key=key, admin=admin)
        except BaseException:
            _rename(admin, aside, schema)
            raise
        if not found:
            admin.execute(sql.SQL("drop schema {}").format(sql.Identifier(aside)))
        admin.execute("analyze")
    return aside if found else None


def _rename(admin: psycopg.Connection, schema: str, name: str) -> None:
    rename = sql.SQL("alter schema {} rename to {}")
    admin.execute(rename.format(sql.Identifier(schema), sql.Identifier(name)))


def _load(dump: Path, *, key: bytes | None, admin: psycopg.Connection) -> None:
    command = [
        tool("pg_restore", server=admin),
        "--single-transaction",
        "--exit-on-error",
        "--no-password",
        f"--dbname={same_place(admin)}",
    ]
    with tempfile.TemporaryFile() as told:
        process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=told, stderr=told, env=environment(admin)
        )
        try:
            with reader(dump, key=key) as content, process.stdin as into:
                shutil.copyfileobj(content, into, 2**20)
        except BrokenPipeError:
            pass  # it has told why it ended
        except BaseException:
            process.kill()
            raise
        finally:
            process.wait()
        if process.returncode != 0:
            told.seek(0)
            raise RestoreRefused(f"pg_restore failed: {told.read().decode(errors='replace').strip()}")


def _unpack(archive: Path, *, key: bytes | None, into: Path) -> None:
    shutil.rmtree(into, ignore_errors=True)
    into.mkdir(mode=0o700, parents=True)
    with reader(archive, key=key) as content, tarfile.open(fileobj=content, mode="r|") as packed:
        packed.extractall(into, filter="data")


def _put_in_place(unpacked: Path, uploads: Path, *, now: datetime) -> None:
    if uploads.exists():
        if any(uploads.iterdir()):
            uploads.rename(uploads.with_name(f"{uploads.name}.until-{now:%Y%m%dt%H%M%S}"))
        else:
            uploads.rmdir()
    unpacked.rename(uploads)


def _differences(manifest: dict) -> Iterator[str]:
    """What is not as it was, seen with the portal's own rights."""
    with connection.cursor() as cursor:
        rows = rows_of_tables(cursor)
    for table in sorted(rows.keys() | manifest["rows"].keys()):
        if rows.get(table) != manifest["rows"].get(table):
            yield f"{table} has {rows.get(table)} rows, the backup says {manifest['rows'].get(table)}"
    files = sum(1 for path in Path(settings.MEDIA_ROOT).rglob("*") if path.is_file())
    if files != manifest["files"]:
        yield f"there are {files} uploads, the backup says {manifest['files']}"
    for finding in verify_books():
        if finding.wrong:
            yield f"{finding.check}: {finding.wrong}"


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
