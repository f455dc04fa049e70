"""Real processes on a data directory of their own: what ends, and how, is what these tests are about."""

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest

from config import embedded
from config.postgres import postgres_at
from tests.worker import wait_until

CONFIGURED = (
    *(
        "CITY",
        "DEMO",
        "PORT",
        "PG_BIN",
        "SECRET_KEY",
        "FIELD_KEYS",
        "INDEX_KEY",
        "DJANGO_SETTINGS_MODULE",
        "LOG_LEVEL",
    ),
    *("DATABASE_URL", "DATABASE_OWNER_URL", "REDIS_URL", "CELERY_VISIBILITY_TIMEOUT", "DATA_DIR"),
)

started: list[subprocess.Popen] = []

USER = """
import sys
from config.embedded import services
with services():
    print("up", flush=True)
    sys.stdin.read()
"""


@pytest.fixture(autouse=True)
def nothing_configured(monkeypatch) -> None:
    """These tests bring services of their own, not those of the other tests."""
    for name in CONFIGURED:
        monkeypatch.delenv(name, raising=False)


@dataclass(frozen=True)
class DataDirectory:
    """A data directory, and what tests do with it."""

    path: Path

    def environment(self, **extra: str) -> dict[str, str]:
        """That of a machine where nothing is configured but this directory."""
        env = {name: value for name, value in os.environ.items() if name not in CONFIGURED}
        return env | {"DATA_DIR": str(self.path)} | extra

    def python(self, *arguments: str, **extra: str) -> subprocess.Popen:
        """Start our Python on it; what a failed test leaves of it is killed."""
        process = subprocess.Popen(
            [sys.executable, *arguments],
            cwd=embedded.BASE_DIR,
            env=self.environment(**extra),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        started.append(process)
        return process

    @contextlib.contextmanager
    def user(self, **extra: str) -> Iterator[subprocess.Popen]:
        """A process inside `services()`; it leaves when its input ends."""
        process = self.python("-c", USER, **extra)
        try:
            first = process.stdout.readline()
            assert first == "up\n", first + process.stdout.read()
            yield process
        finally:
            process.communicate()

    def refusal(self, **extra: str) -> str:
        """What `services()` says when it cannot start."""
        text, _ = self.python("-c", USER, **extra).communicate()
        assert "ServiceError: " in text, text
        return text.rpartition("ServiceError: ")[2]

    def connect(self, database: str = "gongji") -> psycopg.Connection:
        """A superuser's connection."""
        return psycopg.connect(postgres_at(self.path).conninfo(database=database), autocommit=True)

    def one(self, query: str, database: str = "gongji") -> object:
        """The one value a query returns."""
        with self.connect(database) as connection:
            return connection.execute(query).fetchone()[0]

    def postmaster(self) -> int:
        """The process id of the server."""
        return int((self.cluster / "postmaster.pid").read_text().split()[0])

    def keeper(self, service: str = "postgres") -> int:
        """The process id of a service's keeper."""
        return int((self.path / service / "keeper.lock").read_text())

    def stopped(self) -> bool:
        """Whether neither service has a keeper."""
        return not any(embedded.is_kept(service, self.path) for service in ("postgres", "broker"))

    @property
    def cluster(self) -> Path:
        """PostgreSQL's own folder."""
        return self.path / "postgres" / "home" / "data"

    def stop(self) -> None:
        """Wait until nothing runs, helping where a test left something running."""
        for service in ("postgres", "broker"):
            if embedded.is_kept(service, self.path) and not embedded.has_stopped(service, self.path):
                os.kill(self.keeper(service), signal.SIGTERM)
        wait_until(self.stopped)


def new_directory() -> DataDirectory:
    """Not pytest's tmp_path: the servers' user could not enter that."""
    path = Path(tempfile.mkdtemp(prefix="gongji-test-"))
    path.chmod(0o711)
    return DataDirectory(path)


@pytest.fixture(autouse=True)
def nothing_left() -> Iterator[None]:
    """A test that fails half-way leaves no process behind."""
    yield
    while started:
        process = started.pop()
        if process.poll() is None:
            process.kill()
            process.communicate()


@pytest.fixture
def empty() -> Iterator[DataDirectory]:
    """A data directory before its first use."""
    directory = new_directory()
    yield directory
    directory.stop()
    shutil.rmtree(directory.path)


@pytest.fixture(scope="session")
def used() -> Iterator[DataDirectory]:
    """One after its first use, by somebody whose locale knows no Chinese."""
    directory = new_directory()
    with directory.user(LC_ALL="C", LANG="C"):
        pass
    yield directory
    shutil.rmtree(directory.path)


@pytest.fixture
def data(used: DataDirectory) -> Iterator[DataDirectory]:
    """The used one, with nothing running; a new cluster for each test would take seconds."""
    used.stop()
    yield used
    used.stop()
