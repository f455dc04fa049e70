"""The whole portal in one command: `make demo`, or `python -m config.portal [--reset]`.

Starts in order the database, the broker, the schema, the demo's data, then web, worker and beat; keeps
them running; and stops them in reverse order on Ctrl-C. DATA_DIR, PORT and CITY move it elsewhere.
"""

import argparse
import contextlib
import http.client
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import environ

from config import embedded, processes
from config.embedded import BASE_DIR, DEFAULT_CITY
from config.processes import ServiceError

HOST = "127.0.0.1"
ANSWER_SECONDS = 90
LOOK_SECONDS = 0.5
LONGEST_PAUSE = 30.0
CALM_SECONDS = 60.0
LARGEST_LOG = 20 * 2**20
STOPPING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@dataclass
class Part:
    """A child process that is started again whenever it ends."""

    name: str
    command: list[str]
    log: Path
    stop_seconds: float
    death_signal: int = signal.SIGTERM
    process: subprocess.Popen | None = None
    started: float = 0.0
    pause: float = 1.0
    deaths: int = 0

    def start(self) -> None:
        """Start it; it ends when we do."""
        self.process = processes.spawn(
            self.command, log=self.log, death_signal=self.death_signal, cwd=BASE_DIR, env=dict(os.environ)
        )
        self.started = time.monotonic()

    def look_after(self) -> None:
        """Start it again if it has ended, after a pause that doubles while it keeps failing."""
        if self.process is None or self.process.poll() is None:
            return
        lived = time.monotonic() - self.started
        if lived > CALM_SECONDS:
            self.pause, self.deaths = 1.0, 0
        if lived < self.pause:
            return
        self.deaths += 1
        say(f"{self.name} ended (code {self.process.returncode}); starting it again. Log: {self.log}")
        self.pause = min(2 * self.pause, LONGEST_PAUSE)
        self.start()

    def stop(self) -> None:
        """End it politely, then without asking."""
        if self.process is not None:
            processes.stop(self.process, [(signal.SIGTERM, self.stop_seconds), (signal.SIGQUIT, 2.0)])


def main() -> int:
    """Run until asked to stop; the exit code is 1 when the portal could not start."""
    parser = argparse.ArgumentParser(prog="make demo", description="Run the whole portal on this machine.")
    parser.add_argument("--reset", action="store_true", help="remove the data and start over, without asking")
    asked = parser.parse_args()
    os.umask(0o077)  # logs and uploads name people
    for number in STOPPING:
        # Started by nohup we go on when the terminal closes; a Ctrl-C always counts.
        if number != signal.SIGHUP or signal.getsignal(number) != signal.SIG_IGN:
            signal.signal(number, lambda *_: sys.exit(0))
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    embedded.read_dotenv()
    try:
        with alone() as directory:
            if asked.reset:
                reset(directory)
            run(directory)
    except ServiceError as error:
        say(str(error))
        return 1
    return 0


def run(directory: Path) -> None:
    """Start everything in order, then look after it for ever.

    Raises ServiceError when a step fails, with the end of its log.
    """
    begun = time.monotonic()
    port = free_port()
    logs = directory / "logs"
    logs.mkdir(mode=0o700, exist_ok=True)
    set_aside_large_logs(logs)
    say(f"Data: {directory}   Logs: {logs}")
    say("Starting the database and the broker ...")
    with our_services(directory) as ours:
        say("Bringing the tables up to date ...")
        step("migrate", logs)
        load_demo_once(directory, logs)
        say("Starting web, worker and beat ...")
        with running(parts(port, logs)) as children:
            wait_for_answer(port, children)
            announce(port, directory, time.monotonic() - begun)
            while True:
                look_after(ours, directory, children)
                time.sleep(LOOK_SECONDS)


@contextlib.contextmanager
def our_services(directory: Path) -> Iterator[list[str]]:
    """`embedded.services()`, and at the end a wait until they have stopped."""
    ours = []
    try:
        with embedded.services() as ours:
            yield ours
    finally:
        for service in ours:
            if not embedded.has_stopped(service, directory):
                say(f"Another command is still using {service}: it stops with that one.")


@contextlib.contextmanager
def alone() -> Iterator[Path]:
    """Be the only launcher on the data directory, and yield it.

    Raises ServiceError, naming the other one's process, when there is one.
    """
    directory = embedded.prepare_data_dir(embedded.data_dir())
    path = directory / "portal.lock"
    try:
        with processes.lock(path, wait=False) as descriptor:
            processes.write_pid(descriptor)
            yield directory
    except BlockingIOError as error:
        raise ServiceError(
            f"The portal is already running on {directory} (process {path.read_text()}). "
            "Stop that one first, or set DATA_DIR and PORT to run a second one beside it."
        ) from error


def reset(directory: Path) -> None:
    """Remove everything in the data directory but its mark and our lock.

    Raises ServiceError when another command is using the data, or the data is elsewhere.
    """
    if os.environ.get("DATABASE_URL"):
        raise ServiceError("--reset empties the embedded database only, but DATABASE_URL is set. Unset it.")
    with contextlib.ExitStack() as stack:
        for service in ("postgres", "broker"):
            if (directory / service).exists():
                stack.enter_context(unused(service, directory))
        for path in directory.iterdir():
            if path.name in (embedded.MARKER, "portal.lock"):
                continue
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path)
            else:
                path.unlink()


@contextlib.contextmanager
def unused(service: str, directory: Path, seconds: float = 15.0) -> Iterator[None]:
    """Wait until nobody uses the service and it has stopped; nobody can start it in the body.

    Raises ServiceError when somebody still does after some seconds.
    """
    deadline = time.monotonic() + seconds
    with contextlib.ExitStack() as stack:
        while True:
            try:
                stack.enter_context(processes.lock(directory / service / "users.lock", wait=False))
            except BlockingIOError as error:
                if time.monotonic() > deadline:
                    raise ServiceError(
                        f"Another command is using the data in {directory}. Stop it first."
                    ) from error
                time.sleep(0.1)
            else:
                yield
                return


def free_port() -> int:
    """PORT, or 8000. Raises ServiceError when it is no port, or another program listens there."""
    text = os.environ.get("PORT") or "8000"
    if not text.isascii() or not text.isdigit() or not 0 < int(text) < 65536:
        raise ServiceError(f"PORT is {text!r}: it must be a number from 1 to 65535.")
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, int(text)))
        except OSError as error:
            raise ServiceError(
                f"Port {text} cannot be used: {error.strerror}. Choose another: PORT=8010 make demo"
            ) from error
    return int(text)


def step(command: str, logs: Path) -> None:
    """Run one `manage.py` command to its end. Raises ServiceError with the end of its log if it fails."""
    log = logs / f"{command}.log"
    child = processes.spawn(
        [sys.executable, "manage.py", command],
        log=log,
        death_signal=signal.SIGTERM,
        cwd=BASE_DIR,
        env=dict(os.environ),
    )
    try:
        code = child.wait()
    finally:
        processes.stop(child, [(signal.SIGTERM, 5.0)])
    if code != 0:
        raise ServiceError(f"`manage.py {command}` failed. The end of its log, {log}:\n{processes.tail(log)}")


def load_demo_once(directory: Path, logs: Path) -> None:
    """Fill a demo's database the first time; a mark says that it was done to the end."""
    mark = directory / f"demo-loaded-{os.environ.get('CITY', DEFAULT_CITY)}"
    if environ.Env().bool("DEMO", default=False) and not mark.exists():
        say("Making the demo's city and its last months, this once; it takes a minute or two ...")
        step("load_demo", logs)
        mark.touch()


def parts(port: int, logs: Path) -> list[Part]:
    """What the portal consists of, in the order it starts."""
    python = [sys.executable, "-m"]
    # Loaded once, then forked. The control socket would lie in the home folder.
    web = ["gunicorn", "config.wsgi", "--bind", f"{HOST}:{port}", "--workers", "2", "--threads", "4"]
    web += ["--preload", "--timeout", "120", "--graceful-timeout", "5", "--no-control-socket"]
    celery = ["celery", "-A", "config.celery"]
    # Nobody listens to its events, and a worker told to stop while the broker is gone waits for ever to send
    # the last one.
    quiet = ["--without-heartbeat", "--without-gossip", "--without-mingle"]
    worker = [*celery, "worker", "--concurrency", "2", "--loglevel", "INFO", *quiet]
    beat = [*celery, "beat", "--loglevel", "INFO", "--pidfile=", "--scheduler"]
    beat += ["django_celery_beat.schedulers:DatabaseScheduler"]
    return [
        Part("web", python + web, logs / "web.log", stop_seconds=8),
        # Its running task gets a moment; a longer one is done again at the next start. SIGQUIT gives none.
        Part("worker", python + worker, logs / "worker.log", stop_seconds=8, death_signal=signal.SIGQUIT),
        Part("beat", python + beat, logs / "beat.log", stop_seconds=5),
    ]


@contextlib.contextmanager
def running(children: list[Part]) -> Iterator[list[Part]]:
    """Start the children; at the end stop them in reverse order."""
    try:
        for child in children:
            child.start()
        yield children
    finally:
        for number in STOPPING:
            signal.signal(number, signal.SIG_IGN)  # we are stopping already
        say("Stopping ...")
        for child in reversed(children):
            child.stop()


def wait_for_answer(port: int, children: list[Part]) -> None:
    """Return when the web answers. Raises ServiceError with the end of its log when it does not."""
    web = children[0]
    deadline = time.monotonic() + ANSWER_SECONDS
    while not answers(port):
        for child in children:
            child.look_after()
        if web.deaths >= 2 or time.monotonic() > deadline:
            raise ServiceError(
                f"The web did not start. The end of its log, {web.log}:\n{processes.tail(web.log)}"
            )
        time.sleep(0.1)


def answers(port: int) -> bool:
    """Whether a web server answers there with anything at all."""
    connection = http.client.HTTPConnection(HOST, port, timeout=10)
    try:
        connection.request("GET", "/")
        connection.getresponse()
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
    return True


def announce(port: int, directory: Path, seconds: float) -> None:
    """Say where the portal is and who may sign in."""
    sign_ins = directory / f"sign-ins-{os.environ.get('CITY', DEFAULT_CITY)}.txt"
    lines = [
        "",
        "=" * 78,
        f"  Gongji 共济 is running (started in {seconds:.1f} s):",
        f"  http://{HOST}:{port}/",
        "",
    ]
    if sign_ins.exists():
        lines += [f"  {line}".rstrip() for line in sign_ins.read_text().splitlines()] + [""]
    lines += ["  Stop it with Ctrl-C.", "=" * 78]
    say("\n".join(lines))


def look_after(ours: list[str], directory: Path, children: list[Part]) -> None:
    """Start again whatever has ended: the keepers of our services, and our children."""
    for service in ours:
        if not embedded.is_kept(service, directory):
            say(f"The keeper of {service} was killed; starting it again.")
            embedded.ensure_running(service, directory)
    for child in children:
        child.look_after()


def set_aside_large_logs(logs: Path) -> None:
    """Keep one older part of a log that has grown large."""
    for log in logs.glob("*.log"):
        if log.stat().st_size > LARGEST_LOG:
            log.replace(log.with_suffix(".log.1"))


def say(text: str) -> None:
    """Print to the console at once, even when it is a file."""
    print(text, flush=True)


if __name__ == "__main__":
    sys.exit(main())
