"""How far the background work on a run is: the same after a reload, since the run's own rows say it."""

from datetime import timedelta
from decimal import Decimal

from django.conf import settings
from django.db.models import Count, Max, Q, Sum
from django.utils import timezone
from django.utils.translation import gettext as _

from office.admin.panels import Panel
from office.models import Run, RunState

FAILED_SHOWN = 50


def is_working(run: Run) -> bool:
    """Whether a worker has, or is about to have, the run in hand; what was sent back waits for a clerk."""
    drafted = run.state == RunState.DRAFT and run.computed_at is None
    return (drafted or run.state == RunState.POSTING) and not run.error


def progress_of(run: Run) -> dict | None:
    """How far posting is, in chunks, rows and yuan; None in any other state."""
    if run.state != RunState.POSTING:
        return None
    posted = Q(posted_at__isnull=False)
    found = run.chunks.aggregate(
        chunks=Count("pk"),
        done=Count("pk", filter=posted),
        failed=Count("pk", filter=~Q(error="")),
        posted=Sum("rows", filter=posted, default=0),
        amount=Sum("amount", filter=posted, default=Decimal("0.00")),
        moved=Max("posted_at"),
    )
    percent = 100 * found["posted"] // run.rows if run.rows else 100
    return found | {"rows": run.rows, "percent": percent}


def standing_of(run: Run) -> dict:
    """Progress, since when a worker is asked for, and whether nothing has moved for too long."""
    progress = progress_of(run)
    asked = run.events.aggregate(last=Max("at"))["last"] or run.created_at
    moved = max(asked, progress["moved"] or asked) if progress else asked
    patience = timedelta(minutes=settings.STALLED_AFTER_MINUTES)
    return {
        "run": run,
        "working": is_working(run),
        "progress": progress,
        "since": asked,
        "stalled": is_working(run) and moved < timezone.now() - patience,
        "moved": moved,
    }


def failed_chunks(run: Run) -> Panel | None:
    """The chunks that could not be posted, and why; None when there are none."""
    failed = run.chunks.exclude(error="").order_by("number")[:FAILED_SHOWN]
    columns = {
        _("Chunk"): "integer",
        _("Rows"): "integer",
        _("Amount"): "money",
        _("Failed at"): "text",
        _("Why"): "text",
    }
    rows = [(chunk.number, chunk.rows, chunk.amount, chunk.failed_at, chunk.error) for chunk in failed]
    return Panel(title=_("Chunks that could not be posted"), columns=columns, rows=rows) if rows else None
