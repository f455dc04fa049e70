"""Keeps one service of a data directory running for as long as somebody uses it.

Run as `python -m config.keeper postgres|broker DIRECTORY`, by `config.embedded` only.

Every process that uses the service holds a shared lock on `users.lock`; the keeper, the server's parent,
tries for the exclusive one. It succeeds when the last user has ended, even by kill -9, because the kernel
releases locks; then the keeper stops the server and ends. Until then it restarts a server that died.
"""

import argparse
import contextlib
import fcntl
import os
import shutil
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path

from config import processes
from config.broker import BrokerServer, broker_at, start_broker
from config.postgres import PostgresServer, postgres_at, start_postgres
from config.processes import ServiceError

START = {"postgres": start_postgres, "broker": start_broker}
AT = {"postgres": postgres_at, "broker": broker_at}
READY = "ready"
LOOK_SECONDS = 0.1
LONGEST_PAUSE = 5.0  # after it we look again whether anybody still waits
CALM_SECONDS = 60.0


def keep(start: Callable[[], PostgresServer | BrokerServer], users: int) -> None:
    """Start the server, say so, and restart it when it dies, until `users` can be locked exclusively."""
    server = start()
    _tell(READY)
    pause, started = 1.0, time.monotonic()
    try:
        while not _unused(users):
            time.sleep(LOOK_SECONDS)
            if server.process.poll() is None:
                continue
            print(
                f"{server.process.args[0]} ended ({server.process.returncode}): starting it again", flush=True
            )
            if time.monotonic() - started > CALM_SECONDS:
                pause = 1.0
            try:
                server, started = start(), time.monotonic()
            except ServiceError as error:
                print(f"{error}\nTrying again in {pause:.0f} s", flush=True)
                time.sleep(pause)
                pause = min(2 * pause, LONGEST_PAUSE)
    finally:
        server.stop()


def _unused(users: int) -> bool:
    try:
        fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _tell(line: str) -> None:
    """Answer whoever started us, on standard output, then leave it: it may end before we do."""
    with contextlib.suppress(BrokenPipeError):
        os.write(1, line.encode())
    os.dup2(2, 1)


def main() -> int:
    """Keep the service; the exit code is 1 when it could not be started at all."""
    parser = argparse.ArgumentParser(description="Keeps one embedded service running while it is used.")
    parser.add_argument("service", choices=START)
    parser.add_argument("directory", type=Path)
    parser.add_argument("--throw-away", action="store_true", help="for tests: fast, removed at the end")
    asked = parser.parse_args()
    if os.fork():
        os._exit(0)  # whoever started us need not wait for us
    os.setsid()
    # A polite end of this process is a polite end of the server.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit())
    folder = asked.directory / asked.service
    with (
        open(folder / "users.lock", "a") as users,
        processes.lock(folder / "keeper.lock") as kept,  # freed before the users' lock: they look at it next
    ):
        processes.write_pid(kept)
        try:
            keep(
                lambda: START[asked.service](asked.directory, durable=not asked.throw_away),
                users.fileno(),
            )
        except ServiceError as error:
            _tell(str(error))
            return 1
        if asked.throw_away:
            _remove(asked.directory, folder)
    return 0


def _remove(directory: Path, folder: Path) -> None:
    """Remove the folder of this service, and everything when it was the last one."""
    shutil.rmtree(AT[folder.name](directory).folder, ignore_errors=True)
    shutil.rmtree(folder, ignore_errors=True)
    if not any((directory / service).exists() for service in START):
        shutil.rmtree(directory, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
