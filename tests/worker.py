"""A real Celery worker for tests, in processes of its own that can be killed."""

import contextlib
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from config.celery import app


@contextlib.contextmanager
def worker(*, concurrency: int = 1) -> Iterator[subprocess.Popen]:
    """A worker that takes tasks until the body ends; its children die with it."""
    with tempfile.TemporaryFile() as log:
        process = subprocess.Popen(
            [
                sys.executable,
                "-m",
                "celery",
                "-A",
                "config",
                "worker",
                f"--concurrency={concurrency}",
                "--without-gossip",
                "--without-mingle",
                "--loglevel=WARNING",
            ],
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            wait_until(lambda: app.control.ping(timeout=0.5, limit=1), seconds=60)
            yield process
        except BaseException:
            log.seek(0)
            sys.stderr.write(log.read().decode(errors="replace")[-4000:])
            raise
        finally:
            kill(process)


def kill(process: subprocess.Popen) -> None:
    """kill -9 of the worker and its children."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def kill_what_works(process: subprocess.Popen) -> None:
    """kill -9 of the worker's one child, in which its task runs; another child takes over."""
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children")
    wait_until(children.read_text)  # after a kill there is none for a moment
    [child] = children.read_text().split()
    os.kill(int(child), signal.SIGKILL)
    wait_until(lambda: child not in children.read_text().split())


def wait_until(condition: Callable[[], object], *, seconds: float = 20, every: float = 0.05) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "waited too long"
        time.sleep(every)
