"""The launcher: everything up with one command, everything down with one key."""

import os
import re
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from config import embedded, portal, processes
from tests.worker import wait_until


@pytest.fixture
def port() -> str:
    with socket.socket() as probe:
        probe.bind((portal.HOST, 0))
        return str(probe.getsockname()[1])


@pytest.fixture
def start(data, port):
    """Start the launcher and read what it says until it is up; the demo's data is not waited for."""
    (data.path / "demo-loaded-441600").touch()
    launched = []

    def start() -> subprocess.Popen:
        launcher = data.python("-u", "-m", "config.portal", PORT=port)
        launched.append(launcher)
        said = ""
        while "Ctrl-C" not in said:
            line = launcher.stdout.readline()
            assert line, said
            said += line
        assert f"http://{portal.HOST}:{port}/" in said
        return launcher

    yield start
    for launcher in launched:
        launcher.terminate()
        launcher.communicate()


def descendants(pid: int) -> list[int]:
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [found for child in map(int, children) for found in [child, *descendants(child)]]


def alive(pids: list[int]) -> list[int]:
    return [pid for pid in pids if Path(f"/proc/{pid}").exists() and "Z" not in state(pid)]


def state(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return "Z"


def test_a_second_launcher_names_the_first_and_ctrl_c_ends_everything(data, start, port):
    launcher = start()
    second, _ = data.python("-m", "config.portal", PORT=port).communicate()
    assert f"already running on {data.path} (process {launcher.pid})" in second
    children = descendants(launcher.pid)
    assert len(children) >= 3
    begun = time.monotonic()
    launcher.send_signal(signal.SIGINT)
    assert launcher.wait(20) == 0
    assert time.monotonic() - begun < 15
    assert alive(children) == []
    assert data.stopped()


def test_what_is_killed_comes_back_and_a_killed_launcher_takes_all_with_it(data, start, port):
    launcher = start()
    with data.connect() as connection:
        connection.execute("drop table if exists kept")
        connection.execute("create table kept as select 1 as n")
    before = descendants(launcher.pid)
    web = next(pid for pid in before if b"gunicorn" in Path(f"/proc/{pid}/cmdline").read_bytes())
    for pid in (data.postmaster(), data.keeper("broker"), web):
        os.kill(pid, signal.SIGKILL)
    wait_until(lambda: web not in descendants(launcher.pid) and portal.answers(int(port)), seconds=40)
    wait_until(lambda: embedded.is_kept("broker", data.path))
    wait_until(embedded.postgres_at(data.path).answers)
    assert data.one("select n from kept") == 1

    children = descendants(launcher.pid)
    launcher.kill()
    wait_until(lambda: alive(children) == [])
    wait_until(data.stopped)
    start()
    assert data.one("select n from kept") == 1


def test_a_taken_port_is_told_before_anything_starts(empty):
    with socket.socket() as taken:
        taken.bind((portal.HOST, 0))
        taken.listen()
        number = str(taken.getsockname()[1])
        text, _ = empty.python("-m", "config.portal", PORT=number).communicate()
    assert f"Port {number} cannot be used" in text
    assert not (empty.path / "postgres").exists()


@pytest.mark.parametrize("number", ["0", "65536", "web", "８０００"])
def test_a_port_is_a_number(empty, number):
    text, _ = empty.python("-m", "config.portal", PORT=number).communicate()
    assert "must be a number" in text


def test_a_failed_step_shows_the_end_of_its_log(data, tmp_path, monkeypatch):
    monkeypatch.setenv("DATA_DIR", str(data.path))
    with (
        data.user(),
        pytest.raises(processes.ServiceError, match=r"(?s)no_such_command.*failed.*Unknown command"),
    ):
        portal.step("no_such_command", tmp_path)


def test_reset_empties_a_data_directory_and_no_other_folder(empty, monkeypatch):
    monkeypatch.delenv("DATABASE_URL", raising=False)
    directory = embedded.prepare_data_dir(empty.path)
    for name in ("sign-ins.txt", "portal.lock"):
        (directory / name).touch()
    (directory / "uploads").mkdir()
    (directory / "uploads" / "file").touch()
    (directory / "link").symlink_to("/usr")
    portal.reset(directory)
    assert {path.name for path in directory.iterdir()} == {embedded.MARKER, "portal.lock"}

    (directory / embedded.MARKER).unlink()
    (directory / "thesis.doc").touch()
    text, _ = empty.python("-m", "config.portal", "--reset").communicate()
    assert "not the portal's" in text
    assert (directory / "thesis.doc").exists()


def test_reset_waits_for_nobody_who_uses_the_data(data):
    with (
        data.user(),
        pytest.raises(processes.ServiceError, match="Another command is using"),
        portal.unused("postgres", data.path, seconds=0.3),
    ):
        pytest.fail("it is used")
    data.stop()
    with portal.unused("postgres", data.path):
        assert data.stopped()


def test_the_roles_of_a_production_server_are_set_up_by_a_command(data):
    with data.user():
        admin = embedded.postgres_at(data.path).url()
        result = subprocess.run(
            [sys.executable, "manage.py", "setup_database_roles", "--city", "440300", "--admin-url", admin],
            cwd=embedded.BASE_DIR,
            env=data.environment(
                DATABASE_URL="postgres://nobody@127.0.0.1:1/nothing",
                REDIS_URL="redis://127.0.0.1:1",
                SECRET_KEY=50 * "s" + "0123456789",
                FIELD_KEYS="k1:" + 43 * "A" + "=",
                INDEX_KEY=43 * "A" + "=",
                DATABASE_APP_PASSWORD="a-password",
            ),
            capture_output=True,
            text=True,
        )
        assert result.returncode == 0, result.stderr
        assert re.search(
            r"ready for city 440300.*DATABASE_OWNER_PASSWORD is not set", result.stdout, re.DOTALL
        )
        assert data.one("select count(*) from pg_roles where rolname ~ '^c440300'") == 3


def test_a_command_before_the_tables_are_there_says_what_to_run(data):
    process = data.python("manage.py", "run", "credit", "--month", "2023-03", CITY="360100")
    said, _nothing = process.communicate()
    assert (process.returncode, "Traceback" in said) == (1, False)
    assert "manage.py migrate" in said
