"""A city is backed up, and had again on a server that knows nothing of it."""

import base64
import hashlib
import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest
from django.db import connection
from django.test import Client
from psycopg import errors

from config import embedded
from config.postgres import Postgres
from office import runs
from office.models import County
from operations.backup import BACKUP_LOCK, BackupFailed, back_up
from operations.models import Backup
from operations.restore import RestoreRefused, restore
from operations.sealed import FRAME, Unreadable, Writer, reader
from policies.month import Month
from tests.population import contract, insure, member, posted, select
from tests.services import CITY, DATABASE

KEY = bytes(range(32))
KEY_AS_TEXT = base64.b64encode(KEY).decode()


@dataclass(frozen=True)
class Elsewhere:
    """Another machine, with an empty server."""

    postgres: Postgres
    uploads: Path

    def restore(self, folder: Path, *arguments: str, typed: str = "", **extra: str):
        """Run the command as an operator does; its exit status and what it said."""
        done = subprocess.run(
            [sys.executable, "manage.py", "restore", folder, *arguments],
            cwd=embedded.BASE_DIR,
            env=os.environ
            | {
                "DATABASE_URL": self.postgres.url(f"c{CITY}_app", DATABASE),
                "DATABASE_ADMIN_URL": self.postgres.url(),
                "UPLOADS_DIR": str(self.uploads),
            }
            | extra,
            input=typed,
            capture_output=True,
            text=True,
        )
        return done.returncode, done.stdout + done.stderr

    def refusal(self, folder: Path, *, replace: bool = False) -> str:
        """Why nothing is restored."""
        with pytest.raises(RestoreRefused) as refused:
            restore(folder, admin_url=self.postgres.conninfo(), replace=replace, say=lambda text: None)
        return str(refused.value)

    def connect(self, role: str) -> psycopg.Connection:
        return psycopg.connect(self.postgres.conninfo(role, DATABASE), autocommit=True)


@pytest.fixture(scope="module")
def server():
    with embedded.temporary_services() as (postgres, _broker):
        yield postgres


@pytest.fixture
def elsewhere(server, tmp_path):
    yield Elsewhere(server, tmp_path / "uploads-elsewhere")
    with psycopg.connect(server.conninfo(), autocommit=True) as administrator:
        administrator.execute(f"drop database if exists {DATABASE} with (force)")
        for role in ("_jobs", "_app", ""):
            administrator.execute(f"drop role if exists c{CITY}{role}")


@pytest.fixture
def city(committed, settings, tmp_path):
    """A month posted, another taken back, and a file uploaded; backups go to a folder of their own."""
    settings.MEDIA_ROOT, settings.BACKUP_DIR = tmp_path / "uploads", tmp_path / "backups"
    settings.MEDIA_ROOT.mkdir()
    (settings.MEDIA_ROOT / "7f3a").write_bytes(b"a clerk's file")
    clerk, reviewer = member("clerk"), member("reviewer")
    Client().force_login(clerk)
    facility = contract()
    for _ in range(3):
        select(insure(), facility, first="2023-01")
    for kind in ("credit", "prepayment"):
        run = runs.prepare(kind=kind, scheme="310", period=Month(2023, 2), by=clerk, origin="page")
        run = posted(runs.compute(run.pk))
    posted(runs.reverse(run, by=reviewer, origin="page", reason="多拨"))


def taken() -> Path:
    record = back_up()
    return Path(record.place) / record.name


def test_a_city_is_had_again_with_its_books_and_its_rights(city, elsewhere, settings):
    settings.BACKUP_KEY = KEY
    folder = taken()
    assert b"PGDMP" not in (folder / "database.dump").read_bytes()
    code, said = elsewhere.restore(folder, BACKUP_KEY=KEY_AS_TEXT)
    assert (code, "the books are proved" in said) == (0, True), said
    assert [path.read_bytes() for path in elsewhere.uploads.iterdir()] == [b"a clerk's file"]
    with elsewhere.connect(f"c{CITY}_app") as app:
        for forbidden in (
            "update accounts_transfer set amount = amount",
            "delete from accounts_transfer",
            "truncate accounts_transfer",
            "alter table accounts_transfer disable trigger all",
            f"set role c{CITY}",
        ):
            with pytest.raises(errors.InsufficientPrivilege):
                app.execute(forbidden)
        app.execute(f"set role c{CITY}_jobs")
        with pytest.raises(errors.InsufficientPrivilege):
            app.execute("update accounts_transfer set amount = amount")
        assert app.execute("select count(*) from accounts_transfer").fetchone()[0] >= 5
        assert app.execute("select count(*) from django_session").fetchone() == (0,)
    assert rights(elsewhere.connect("postgres")) == rights(here())

    with elsewhere.connect(f"c{CITY}") as owner:  # what migrations add later is usable as ever
        owner.execute("create table later (n int)")
    with elsewhere.connect(f"c{CITY}_app") as app:
        app.execute("insert into later values (1)")


def here() -> psycopg.Connection:
    from tests.services import postgres

    return psycopg.connect(postgres.conninfo(database=DATABASE), autocommit=True)


def rights(administrator: psycopg.Connection) -> dict[str, list]:
    """Who owns each table of the city, who may do what with it, and which rules and triggers hold on it."""
    with administrator:
        rows = administrator.execute(
            "select relname, array[pg_get_userbyid(relowner)::text, relrowsecurity::text,"
            "  relforcerowsecurity::text]"
            "  || array(select acl::text from unnest(relacl) acl order by 1)"
            "  || array(select tgname::text from pg_trigger"
            "           where tgrelid = pg_class.oid and not tgisinternal order by 1)"
            "  || array(select polname::text from pg_policy where polrelid = pg_class.oid order by 1)"
            "  || array(select conname::text from pg_constraint where conrelid = pg_class.oid order by 1)"
            " from pg_class where relnamespace = %s::regnamespace and relkind in ('r', 'S', 'v')",
            [f"c{CITY}"],
        ).fetchall()
    return dict(rows)


def test_what_is_there_is_set_aside_only_when_the_city_is_named(city, elsewhere, settings):
    folder = taken()
    assert elsewhere.restore(folder)[0] == 0
    with elsewhere.connect("postgres") as administrator:
        administrator.execute(f"update c{CITY}.office_county set name = 'edited since'")
    for path in settings.MEDIA_ROOT.iterdir():
        path.unlink()  # of this machine, where the refusals are asked for
    assert "here already" in elsewhere.refusal(folder)
    with elsewhere.connect(f"c{CITY}_app"):
        assert "Stop web, worker and beat first" in elsewhere.refusal(folder, replace=True)
    code, said = elsewhere.restore(folder, "--replace", typed="yes\n")
    assert code == 1
    assert "the code was not given" in said
    code, said = elsewhere.restore(folder, "--replace", typed=f"{CITY}\n")
    assert code == 0, said
    [aside] = [word for word in said.split() if word.startswith(f"c{CITY}_until_")]
    with elsewhere.connect("postgres") as administrator:
        names = "select distinct name = 'edited since' from {}.office_county"
        assert administrator.execute(names.format(aside.rstrip("."))).fetchall() == [(True,)]
        assert administrator.execute(names.format(f"c{CITY}")).fetchall() == [(False,)]


def test_uploads_that_are_there_are_not_mixed_with_others(city, elsewhere):
    assert "There are uploads" in elsewhere.refusal(taken())


def test_what_cannot_be_loaded_leaves_the_server_as_it_was(city, elsewhere, settings):
    """A dump that is whole by its digest and breaks off nevertheless, as of a disk that was full."""
    folder = taken()
    (settings.MEDIA_ROOT / "7f3a").unlink()
    dump, manifest = folder / "database.dump", folder / "manifest.json"
    cut = dump.read_bytes()[:-5000]
    told = json.loads(manifest.read_text())
    told["parts"]["database.dump"] = {"sha256": hashlib.sha256(cut).hexdigest(), "bytes": len(cut)}
    dump.write_bytes(cut)
    manifest.write_text(json.dumps(told))
    assert "pg_restore failed" in elsewhere.refusal(folder)
    with elsewhere.connect("postgres") as administrator:
        left = administrator.execute(
            "select nspname, (select count(*) from pg_class where relnamespace = pg_namespace.oid)"
            " from pg_namespace where nspname ~ '^c4416'"
        )
        assert left.fetchall() == [(f"c{CITY}", 0)]
    assert list(settings.MEDIA_ROOT.parent.glob("uploads*")) == [settings.MEDIA_ROOT]


def test_books_that_were_wrong_are_not_called_restored(city, elsewhere, administrator):
    administrator.execute("set session_replication_role = replica")
    administrator.execute("update accounts_account set balance = balance + 1 where kind = 'person'")
    code, said = elsewhere.restore(taken())
    assert code == 1
    assert "It was restored, but it is not what was backed up" in said
    assert "balance" in said


def test_a_damaged_backup_changes_nothing(city, elsewhere, settings):
    settings.BACKUP_KEY = KEY
    folder = taken()
    (settings.MEDIA_ROOT / "7f3a").unlink()
    for name in ("database.dump", "uploads.tar"):
        whole = (folder / name).read_bytes()
        middle = len(whole) // 2
        flipped = whole[:middle] + bytes([whole[middle] ^ 1]) + whole[middle + 1 :]
        for damaged in (flipped, whole[:-1], whole + b"\0"):
            (folder / name).write_bytes(damaged)
            assert f"{name} is damaged" in elsewhere.refusal(folder)
        (folder / name).write_bytes(whole)
    for settings.BACKUP_KEY in (None, bytes(32)):
        assert "BACKUP_KEY" in elsewhere.refusal(folder)
    settings.BACKUP_KEY = KEY
    manifest = folder / "manifest.json"
    told = manifest.read_text()
    for changed, reason in (
        (told.replace(CITY, "130100"), "of city 130100"),
        (told.replace("signs_of_life", "signs_of_strife"), "Install that version"),
        (told[:-2], "is not a backup"),
    ):
        manifest.write_text(changed)
        assert reason in elsewhere.refusal(folder)
    with psycopg.connect(elsewhere.postgres.conninfo()) as administrator:
        made = "select count(*) from pg_database where datname = %s"
        assert administrator.execute(made, [DATABASE]).fetchone() == (0,)


@pytest.mark.parametrize("size", [0, 1, FRAME - 1, FRAME, FRAME + 1, 3 * FRAME])
def test_frames_can_be_neither_swapped_nor_cut_off(tmp_path, size):
    key, path, content = bytes(32), tmp_path / "part", os.urandom(size)
    writer = Writer(path, key=key)
    for start in range(0, size, 100_000):
        writer.write(content[start : start + 100_000])
    writer.close()
    with reader(path, key=key) as stored:
        assert stored.read() == content
    whole = path.read_bytes()
    head, frames = whole[:15], [whole[at : at + FRAME + 16] for at in range(15, len(whole), FRAME + 16)]
    spoiled = [whole[:-1], whole + b"\0", head + b"".join(frames[:-1])]
    if len(frames) > 2:  # the last one tells that it is the last
        spoiled.append(head + b"".join([frames[1], frames[0], *frames[2:]]))
    for wrong in spoiled:
        path.write_bytes(wrong)
        with pytest.raises(Unreadable), reader(path, key=key) as stored:
            stored.read()
    path.write_bytes(whole)
    path.rename(tmp_path / "another part")
    with pytest.raises(Unreadable), reader(tmp_path / "another part", key=key) as stored:
        stored.read()


def test_only_the_newest_are_kept_and_only_our_own(committed, settings, tmp_path):
    settings.BACKUP_DIR, settings.BACKUP_KEEP, settings.MEDIA_ROOT = tmp_path, 2, tmp_path / "none"
    old = [f"gongji-441600-2020010{day}T000000Z" for day in (1, 2)]
    others = ["gongji-130100-20200101T000000Z", "mine"]
    for name in [*old, f"{old[0]}.partial", *others]:
        (tmp_path / name).mkdir()
    record = back_up()
    assert {path.name for path in tmp_path.iterdir()} == {record.name, old[1], *others}
    manifest = json.loads((tmp_path / record.name / "manifest.json").read_text())
    assert manifest["rows"]["office_county"] == County.objects.count()
    assert (manifest["encrypted"], manifest["files"], record.files) == (False, 0, 0)
    assert Backup.objects.get() == record


def test_a_backup_that_fails_leaves_nothing_but_its_reason(committed, settings, tmp_path, administrator):
    settings.BACKUP_DIR = tmp_path
    administrator.execute("revoke select on accounts_transfer from c441600_jobs")
    try:
        with pytest.raises(BackupFailed, match="accounts_transfer"):
            back_up()
    finally:
        administrator.execute("grant select on accounts_transfer to c441600_jobs")
    assert list(tmp_path.iterdir()) == []
    assert "accounts_transfer" in Backup.objects.get().error


def test_one_backup_at_a_time(committed, settings, tmp_path, administrator):
    settings.BACKUP_DIR = tmp_path
    with administrator.transaction():
        administrator.execute("select pg_advisory_xact_lock(%s)", [BACKUP_LOCK])
        with pytest.raises(BackupFailed, match="Another backup is being taken"):
            back_up()
    with connection.cursor() as cursor:
        cursor.execute("select 1")
