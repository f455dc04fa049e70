"""Processor time, which says more than the clock of a machine that others use too; and memory."""

import contextlib
import os
import resource
import time
from collections.abc import Iterator
from pathlib import Path


@contextlib.contextmanager
def measured(label: str, clock: dict[str, float], processor: dict[str, float]) -> Iterator[None]:
    """Notes under `label` the seconds that pass, and those spent as `processor_seconds` has them."""
    started, spent = time.perf_counter(), processor_seconds()
    yield
    clock[label] = time.perf_counter() - started
    processor[label] = processor_seconds() - spent


def processor_seconds() -> float:
    """Spent by this process, its readers and its database server, whatever else the machine does."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("select pg_backend_pid()")
        server = process_stat(cursor.fetchone()[0])["parent"]
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    living = [process_stat(int(path.name)) for path in Path("/proc").iterdir() if path.name.isdigit()]
    ticks = sum(process["own"] for process in living if process["parent"] == server)
    ticks += process_stat(server)["own"] + process_stat(server)["reaped"]
    return sum(one.ru_utime + one.ru_stime for one in used) + ticks / os.sysconf("SC_CLK_TCK")


def peak_megabytes() -> tuple[int, int]:
    """The most memory this process has had, and its process of the database server beside shared buffers."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("select pg_backend_pid()")
        status = Path(f"/proc/{cursor.fetchone()[0]}/status").read_text()
    told = dict(line.split(":", 1) for line in status.splitlines())
    peak, shared = (int(told[name].split()[0]) for name in ("VmHWM", "RssShmem"))
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024, (peak - shared) // 1024


def process_stat(pid: int) -> dict[str, int]:
    """Of a process: its parent, and the ticks it and the children it has reaped have used."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except FileNotFoundError:
        return {"parent": 0, "own": 0, "reaped": 0}
    user, system, reaped_user, reaped_system = map(int, fields[11:15])
    return {"parent": int(fields[1]), "own": user + system, "reaped": reaped_user + reaped_system}
