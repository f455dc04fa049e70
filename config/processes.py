"""Child processes of ours: whose rights they run with, how they die with us, how they are stopped."""

import contextlib
import ctypes
import fcntl
import hashlib
import os
import pwd
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

# `postgres` and `initdb` take language and character set from here, and with any other locale the
# trigram search of Chinese names finds nothing. macOS has no C.UTF-8.
LOCALE = "C.UTF-8" if sys.platform == "linux" else "en_US.UTF-8"

LONGEST_SOCKET_PATH = 90  # the kernel takes 107 bytes on Linux, 103 on macOS


class ServiceError(RuntimeError):
    """A service cannot start; the text tells the operator why and what to do."""


@dataclass(frozen=True)
class Account:
    """A system user that servers run as."""

    name: str
    uid: int
    gid: int


def server_account() -> Account | None:
    """Who the servers run as when we are root (PostgreSQL refuses root); None: as ourselves.

    Raises ServiceError when root finds no user to hand over to.
    """
    if os.geteuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        with contextlib.suppress(KeyError):
            user = pwd.getpwnam(name)
            return Account(name, user.pw_uid, user.pw_gid)
    raise ServiceError(
        "PostgreSQL does not run as root, and this machine has neither a user 'postgres' nor 'nobody' "
        "to run it as. Create one (useradd --system postgres), or start the portal as an ordinary user."
    )


def run_as(account: Account | None) -> dict:
    """The arguments of subprocess that hand a child over to the account."""
    return {"user": account.uid, "group": account.gid, "extra_groups": []} if account else {}


def can_reach(path: Path, account: Account | None) -> bool:
    """Whether the account may enter the folder, or run the program, at the path."""
    if account is None:
        return os.access(path, os.X_OK)
    try_it = ["/bin/sh", "-c", 'test -x "$1"', "sh", path]
    return subprocess.run(try_it, cwd="/", **run_as(account)).returncode == 0


def private_folder(folder: Path, account: Account | None) -> None:
    """Make the folder, for its owner alone; the owner is the account, or we.

    Raises ServiceError when somebody else's folder is in its place.
    """
    owner = account.uid if account else os.geteuid()
    with contextlib.suppress(FileExistsError):
        folder.mkdir(mode=0o700, parents=True)
        if account:
            os.chown(folder, account.uid, account.gid)
    found = folder.lstat()
    if folder.is_symlink() or found.st_uid != owner:
        raise ServiceError(
            f"{folder} belongs to another user. Remove it, or set DATA_DIR to a folder of your own."
        )
    if found.st_mode & 0o077:
        folder.chmod(0o700)
    if not can_reach(folder, account):
        raise ServiceError(
            f"The servers run as user '{account.name if account else owner}', who cannot enter {folder}. "
            "Set DATA_DIR to a folder outside private home folders, for example DATA_DIR=/var/lib/gongji."
        )


def short_folder(home: Path, socket: str) -> Path:
    """Where to put the socket: at home or, where that path is too long for one, in a short folder."""
    if len(os.fsencode(home / socket)) < LONGEST_SOCKET_PATH:
        return home
    # Not tempfile.gettempdir(): every process must find the same folder, whatever its TMPDIR.
    return Path("/tmp") / f"gongji-{hashlib.sha256(os.fsencode(home)).hexdigest()[:16]}"


def clean_environment() -> dict[str, str]:
    """A child's environment without what would redirect it (PG…, LD_…) and with our locale."""
    kept = {name: os.environ[name] for name in ("PATH", "TMPDIR") if name in os.environ}
    return kept | {"LANG": LOCALE, "LC_ALL": LOCALE}


def spawn(
    arguments: list,
    *,
    log: Path,
    death_signal: int,
    account: Account | None = None,
    cwd: Path | None = None,
    env: dict[str, str] | None = None,
) -> subprocess.Popen:
    """Start a child in a session of its own; it receives `death_signal` when we die, even by kill -9."""
    with log.open("ab") as output:
        return subprocess.Popen(
            arguments,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            cwd=cwd,
            env=clean_environment() if env is None else env,
            # A Ctrl-C in the terminal is ours to handle: children end in the order we choose.
            start_new_session=True,
            # Runs after the change of user, which would clear the setting.
            preexec_fn=_die_with_parent(death_signal),
            **run_as(account),
        )


def _die_with_parent(death_signal: int) -> Callable[[], None] | None:
    """Linux only; elsewhere an orphan is found and stopped by the next start."""
    if sys.platform != "linux":
        return None
    prctl, parent, pr_set_pdeathsig = ctypes.CDLL(None).prctl, os.getpid(), 1

    def ask_the_kernel() -> None:
        prctl(pr_set_pdeathsig, death_signal)
        if os.getppid() != parent:
            os._exit(1)  # the parent died before we asked

    return ask_the_kernel


def stop(process: subprocess.Popen, signals: list[tuple[int, float]]) -> None:
    """Send each signal in turn, waiting its number of seconds, until the process has ended."""
    for number, seconds in signals:
        if process.poll() is not None:
            return
        process.send_signal(number)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(seconds)
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)  # its session is its own, see `spawn`
        process.wait()


def is_program(pid: int, name: str, folder: Path) -> bool:
    """Whether the process lives (a zombie does not) and is that program, working in that folder."""
    try:
        if sys.platform == "linux":
            comm = Path(f"/proc/{pid}/comm").read_text().strip()
            return comm == name and Path(os.readlink(f"/proc/{pid}/cwd")) == folder.resolve()
        listing = subprocess.run(["ps", "-o", "command=", "-p", str(pid)], capture_output=True, text=True)
    except OSError:
        return False
    return name in listing.stdout and str(folder) in listing.stdout


def write_pid(descriptor: int) -> None:
    """Leave our process id in a lock file we hold."""
    os.ftruncate(descriptor, 0)
    os.pwrite(descriptor, str(os.getpid()).encode(), 0)


@contextlib.contextmanager
def lock(path: Path, *, shared: bool = False, wait: bool = True) -> Iterator[int]:
    """Hold the lock file; the kernel lets go of it when this process ends, however it ends.

    Raises BlockingIOError when another process holds it and `wait` is false.
    """
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        kind = fcntl.LOCK_SH if shared else fcntl.LOCK_EX
        fcntl.flock(descriptor, kind if wait else kind | fcntl.LOCK_NB)
        yield descriptor
    finally:
        os.close(descriptor)


def is_locked(path: Path) -> bool:
    """Whether some process holds the lock file exclusively."""
    if not path.exists():
        return False
    try:
        with lock(path, shared=True, wait=False):
            return False
    except BlockingIOError:
        return True


def tail(log: Path, lines: int = 15) -> str:
    """The last lines of a log file, indented for the console."""
    try:
        text = log.read_text(errors="replace")
    except FileNotFoundError:
        return ""
    return "\n".join(f"    {line}" for line in text.splitlines()[-lines:])
