"""The zero-setup services: with nothing configured, a real PostgreSQL and a real broker of our own.

Whoever needs them wraps its work in `services()`. The first user starts them, all share them, and they
end with the last one (see `config.keeper`). With DATABASE_URL and REDIS_URL set, those are used instead.
"""

import contextlib
import os
import pwd
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import environ

from config import keeper, processes
from config.broker import Broker, broker_at
from config.postgres import Postgres, postgres_at
from config.processes import LOCALE, ServiceError
from office.city_schema import set_up_city_schema

BASE_DIR = Path(__file__).resolve().parent.parent
DATABASE = "gongji"
DEFAULT_CITY = "441600"
MARKER = ".gongji-data"
START_SECONDS = 180


def data_dir() -> Path:
    """DATA_DIR, or a folder outside the checkout that suits the user; it need not exist yet."""
    if chosen := os.environ.get("DATA_DIR"):
        return Path(chosen).expanduser().absolute()
    if os.geteuid() == 0:
        # The servers run as another user, who cannot enter root's home. Not /var/tmp: many systems
        # delete what has not been touched there for a month.
        return Path("/var/lib/gongji")
    return Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share") / "gongji"


@contextlib.contextmanager
def services() -> Iterator[list[str]]:
    """Yield the names of the services that are ours ("postgres", "broker").

    The body finds DATABASE_URL, DATABASE_OWNER_URL and REDIS_URL in the environment. What is set there
    or in `.env` stays; the rest is embedded, and DEMO is then on unless it is set.
    Raises ServiceError when a service cannot start.
    """
    read_dotenv()
    ours = []
    with contextlib.ExitStack() as stack:
        if not os.environ.get("DATABASE_URL"):
            directory = prepare_data_dir(data_dir())
            city = os.environ.get("CITY", DEFAULT_CITY)
            stack.enter_context(in_use("postgres", directory))
            ours.append("postgres")
            server = postgres_at(directory)
            try:
                set_up_city_schema(server.conninfo(), city=city, database=DATABASE, locale=LOCALE)
            except ValueError as error:
                raise ServiceError(str(error)) from error
            stack.enter_context(
                _environment(
                    DATABASE_URL=server.url(f"c{city}_app", DATABASE),
                    DATABASE_OWNER_URL=server.url(f"c{city}", DATABASE),
                    DATABASE_ADMIN_URL=server.url(),
                    DATA_DIR=str(directory),
                    DEMO=os.environ.get("DEMO", "True"),
                )
            )
        if not os.environ.get("REDIS_URL"):
            directory = prepare_data_dir(data_dir())
            stack.enter_context(in_use("broker", directory))
            ours.append("broker")
            stack.enter_context(_environment(REDIS_URL=broker_at(directory).url))
        yield ours


@contextlib.contextmanager
def temporary_services() -> Iterator[tuple[Postgres, Broker]]:
    """For tests: fast, empty services in a folder of their own, gone with this process, even by kill -9.

    Raises ServiceError when one cannot start.
    """
    directory = _our_folder(Path(tempfile.mkdtemp(prefix="gongji-test-")))
    with (
        in_use("postgres", directory, throw_away=True),
        in_use("broker", directory, throw_away=True),
    ):
        yield postgres_at(directory), broker_at(directory)


@contextlib.contextmanager
def in_use(service: str, directory: Path, *, throw_away: bool = False) -> Iterator[None]:
    """Keep the service ("postgres" or "broker") of this data directory running for the body.

    Raises ServiceError when it cannot start.
    """
    (directory / "logs").mkdir(mode=0o700, exist_ok=True)
    folder = _our_folder(directory / service)
    with processes.lock(folder / "users.lock", shared=True):
        ensure_running(service, directory, throw_away=throw_away)
        yield


def ensure_running(service: str, directory: Path, *, throw_away: bool = False) -> None:
    """Start the service's keeper unless there is one, and wait until the service answers.

    Raises ServiceError when it cannot start. Callers are inside `in_use`.
    """
    folder = directory / service
    place = keeper.AT[service](directory)
    deadline = time.monotonic() + START_SECONDS
    with processes.lock(folder / "start.lock"):
        while not (is_kept(service, directory) and place.answers()):
            if not is_kept(service, directory):
                _start_keeper(service, directory, throw_away)
            elif time.monotonic() > deadline:
                log = directory / "logs" / f"{service}.log"
                raise ServiceError(f"{service} does not answer. The end of {log}:\n{processes.tail(log)}")
            time.sleep(0.02)


def has_stopped(service: str, directory: Path) -> bool:
    """Wait while the service is stopping; false when somebody else goes on using it."""
    users = directory / service / "users.lock"
    time.sleep(2 * keeper.LOOK_SECONDS)  # until its keeper has looked
    while is_kept(service, directory):
        if not processes.is_locked(users):  # its keeper holds it exclusively while it stops
            return False
        time.sleep(0.05)
    return True


def is_kept(service: str, directory: Path) -> bool:
    """Whether the service of this data directory has a living keeper."""
    return processes.is_locked(directory / service / "keeper.lock")


def _start_keeper(service: str, directory: Path, throw_away: bool) -> None:
    log = directory / "logs" / f"{service}.log"
    command = [sys.executable, "-m", "config.keeper", service, directory]
    with log.open("ab") as errors:
        answer = subprocess.run(
            command + ["--throw-away"] * throw_away,
            cwd=BASE_DIR,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
        ).stdout
    if answer != keeper.READY:
        raise ServiceError(answer or f"{service} did not start. The end of {log}:\n{processes.tail(log)}")


def read_dotenv() -> None:
    """Take from the checkout's `.env` what the environment does not set, as the settings do."""
    dotenv = BASE_DIR / ".env"
    if dotenv.exists():
        environ.Env.read_env(dotenv)


def prepare_data_dir(directory: Path) -> Path:
    """Make the data directory, or check that it is one; returns it.

    Raises ServiceError when it belongs to somebody else or holds something else.
    """
    if directory.exists():
        owner = directory.stat().st_uid
        if owner != os.geteuid():
            raise ServiceError(
                f"{directory} belongs to user {_user_name(owner)}. "
                "Start the portal as that user, or set DATA_DIR to another folder."
            )
        if not is_data_dir(directory) and any(directory.iterdir()):
            raise ServiceError(
                f"{directory} holds files that are not the portal's. Set DATA_DIR to a new or empty folder."
            )
    try:
        _our_folder(directory)
        (directory / MARKER).write_text("The data of a Gongji portal. `make demo ARGS=--reset` empties it.\n")
    except OSError as error:
        raise ServiceError(
            f"Cannot write to {directory} ({error.strerror}). Set DATA_DIR to a folder you may write to."
        ) from error
    return directory


def is_data_dir(directory: Path) -> bool:
    """Whether this folder is marked as a portal's data directory."""
    return (directory / MARKER).is_file()


def _our_folder(folder: Path) -> Path:
    """Ours alone; as root, the servers' user may pass through it."""
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o711 if os.geteuid() == 0 else 0o700)
    return folder


def _user_name(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)


@contextlib.contextmanager
def _environment(**variables: str) -> Iterator[None]:
    before = {name: os.environ.get(name) for name in variables}
    os.environ.update(variables)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
