"""The portal's figures in Prometheus' text form.

Written by hand: every figure is asked of the database, the broker or the disk when it is scraped, so it is
the same whichever web process answers, and prometheus_client's files shared by processes are not needed.
How often and how fast pages are served is in the logs: `route`, `status` and `seconds` of every line.
"""

from collections.abc import Iterable, Iterator

from django.conf import settings
from django.db import Error, connection
from django.db.models import Count
from django.utils import timezone

from office.acting import acting
from office.models import AccessRecord, ImportFile, Origin, Run, RunChunk, RunState
from office.statements import fetch
from operations.health import Part, Status, examine, free_bytes, queued
from operations.models import Backup

TABLES = 10

# (labels, value); a value that is not known is left out.
Sample = tuple[dict[str, object], float | None]
Metric = tuple[str, str, str, Iterable[Sample]]


def exposition() -> str:
    """All metrics; when the database does not answer, those that need none."""
    parts = examine()
    metrics = list(_of_parts(parts))
    if all(parts[name].status == Status.OK for name in ("database", "migrations")):
        try:
            with acting(staff=None, origin=Origin.SCHEDULE):
                metrics += _of_work()
                metrics += _of_storage()
        except Error:
            connection.close()
    return "".join(f"{line}\n" for metric in metrics for line in _written(*metric))


def _of_parts(parts: dict[str, Part]) -> Iterator[Metric]:
    yield (
        "gongji_info",
        "gauge",
        "The portal's version and its city.",
        [({"version": settings.VERSION, "city": settings.CITY}, 1)],
    )
    yield (
        "gongji_part_ok",
        "gauge",
        "1 when the part of the portal is well.",
        [({"part": name}, part.status == Status.OK) for name, part in parts.items()],
    )
    now = timezone.now()
    yield (
        "gongji_last_sign_age_seconds",
        "gauge",
        "Seconds since the last sign of life of worker and beat, and since the last backup.",
        [({"part": name}, (now - part.at).total_seconds()) for name, part in parts.items() if part.at],
    )
    yield "gongji_queued_tasks", "gauge", "Tasks that no worker has taken yet.", [({}, queued())]
    yield (
        "gongji_disk_free_bytes",
        "gauge",
        "Free space where uploads and backups are written.",
        [({"folder": folder}, free) for folder, free in free_bytes()],
    )


def _of_work() -> Iterator[Metric]:
    runs = Run.objects.order_by().values_list("kind", "state").annotate(Count("pk"))
    yield (
        "gongji_runs",
        "gauge",
        "Runs by kind and state.",
        [({"kind": kind, "state": state}, count) for kind, state, count in runs],
    )
    failed = Run.objects.exclude(error="").count()
    yield "gongji_runs_with_error", "gauge", "Runs that stopped with an error.", [({}, failed)]
    unposted = RunChunk.objects.filter(run__state=RunState.POSTING, posted_at=None).count()
    yield "gongji_run_chunks_waiting", "gauge", "Chunks still to be posted.", [({}, unposted)]
    files = ImportFile.objects.order_by().values_list("layout", "state").annotate(Count("pk"))
    yield (
        "gongji_imports",
        "gauge",
        "Import files by layout and state.",
        [({"layout": layout, "state": state}, count) for layout, state, count in files],
    )
    [(run_seconds, import_seconds)] = fetch("operations/oldest_waiting")
    yield (
        "gongji_oldest_waiting_seconds",
        "gauge",
        "Age of the oldest work that waits for a worker; 0 when none does.",
        [({"work": "run"}, run_seconds or 0), ({"work": "import"}, import_seconds or 0)],
    )
    postings = fetch("operations/last_postings")
    yield (
        "gongji_last_posting_seconds",
        "gauge",
        "How long the last posting of each kind took.",
        [({"kind": kind}, seconds) for kind, seconds, _rows in postings],
    )
    yield (
        "gongji_last_posting_rows",
        "gauge",
        "Rows of the last posted run of each kind.",
        [({"kind": kind}, rows) for kind, _seconds, rows in postings],
    )
    acts = AccessRecord.objects.order_by().values_list("act").annotate(Count("pk"))
    yield (
        "gongji_access_total",
        "counter",
        "Sign-ins, failed ones, exports and other recorded acts.",
        [({"act": act}, count) for act, count in acts],
    )


def _of_storage() -> Iterator[Metric]:
    with connection.cursor() as cursor:
        cursor.execute("select pg_database_size(current_database())")
        [(size,)] = cursor.fetchall()
    yield "gongji_database_size_bytes", "gauge", "Size of the database.", [({}, size)]
    yield (
        "gongji_table_size_bytes",
        "gauge",
        "Sizes of the largest tables, with their indexes.",
        [({"table": table}, size) for table, size, _rows in fetch("operations/largest_tables", count=TABLES)],
    )
    last = Backup.objects.filter(error="").order_by("-finished_at").first()
    yield "gongji_backup_size_bytes", "gauge", "Size of the last backup.", [({}, last and last.size)]


def _written(name: str, kind: str, text: str, samples: Iterable[Sample]) -> Iterator[str]:
    yield f"# HELP {name} {text}"
    yield f"# TYPE {name} {kind}"
    for labels, value in samples:
        if value is None:
            continue
        inside = ",".join(f'{label}="{_escaped(str(of))}"' for label, of in labels.items())
        yield f"{name}{{{inside}}} {float(value):.15g}" if labels else f"{name} {float(value):.15g}"


def _escaped(text: str) -> str:
    return text.replace("\\", r"\\").replace("\n", r"\n").replace('"', r"\"")
