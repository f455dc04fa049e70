"""The posting of a run: its chunks one by one, by as many workers as there are, then its seal."""

import logging

from django.contrib.postgres.functions import TransactionNow
from django.db import connection
from django.utils import timezone
from django.utils.translation import gettext as _

from office.failures import in_words, passes_by_itself
from office.kinds import kind_of
from office.models import Run, RunChunk, RunKindName, RunState
from office.refusal import RunRefused
from office.runs import record, sha256_of, take_memory, working_on

logger = logging.getLogger(__name__)

SEALING_LOCK = 4201


def post_chunks(run_id: int) -> None:
    """Post every chunk nobody else is posting, then seal the run if it was the last.

    Transfers, balances and the chunk's mark commit together: killed anywhere, it goes on where it stopped.
    A chunk that cannot be posted keeps its error and waits to be tried again; the others go on. Raises
    RunRefused at the end when there are such chunks.
    """
    while _post_next_chunk(run_id):
        pass
    failed = RunChunk.objects.filter(run=run_id, run__state=RunState.POSTING).exclude(error="")
    if failed:
        refusal = _("Chunk %(chunk)s: %(error)s") % {"chunk": failed[0].number, "error": failed[0].error}
        if len(failed) > 1:
            refusal = _("%(count)s chunks could not be posted. %(first)s") % {
                "count": len(failed),
                "first": refusal,
            }
        Run.objects.filter(pk=run_id, state=RunState.POSTING).update(error=refusal)
        raise RunRefused(refusal)
    seal_when_complete(run_id)


def _post_next_chunk(run_id: int) -> bool:
    chunk = None
    try:
        with working_on(run_id):
            take_memory()
            chunk = (
                RunChunk.objects.select_for_update(skip_locked=True, of=("self",))
                .select_related("run")
                .filter(run=run_id, run__state=RunState.POSTING, posted_at=None, error="")
                .order_by("number")
                .first()
            )
            if chunk is None:
                return False
            chunk.posted_digest = kind_of(chunk.run).post_chunk(chunk.run, chunk)
            chunk.posted_at, chunk.failed_at = TransactionNow(), None  # as its transfers
            chunk.save(update_fields=["posted_digest", "posted_at", "failed_at"])
    except Exception as error:
        if chunk is None or passes_by_itself(error):
            raise  # the sweeper asks again
        if not isinstance(error, RunRefused):
            logger.exception("chunk %s of run %s", chunk.number, run_id)
        failed = RunChunk.objects.filter(pk=chunk.pk, posted_at=None)
        failed.update(error=in_words(error), failed_at=timezone.now())
    return True


def seal_when_complete(run_id: int) -> None:
    """Close a run whose chunks are all posted with a SHA-256 over them, chained to the run sealed before."""
    with working_on(run_id):
        run = Run.objects.select_for_update().get(pk=run_id)
        if run.state != RunState.POSTING or run.chunks.filter(posted_at=None).exists():
            return
        with connection.cursor() as cursor:
            cursor.execute("select pg_advisory_xact_lock(%s)", [SEALING_LOCK])
        previous = Run.objects.exclude(seal="").order_by("-seal_number").first()
        run.seal_number = previous.seal_number + 1 if previous else 1
        run.posted_at = timezone.now()
        run.seal = seal_of(run, previous=previous.seal if previous else "")
        run.state = RunState.POSTED
        run.error = ""
        run.save()
        if run.kind == RunKindName.REVERSAL:
            Run.objects.filter(pk=run.reverses_id).update(state=RunState.REVERSED)
            record(run.reverses, by=None, origin=run.origin, act="reversed")
        record(run, by=None, origin=run.origin, act="seal")


def seal_of(run: Run, *, previous: str) -> str:
    """The seal: hash of the seal before, what the run is, and the digests of its chunks in order."""
    digests = run.chunks.order_by("number").values_list("posted_digest", flat=True)
    return sha256_of(
        previous,
        str(run.pk),
        run.kind,
        run.scheme,
        str(run.period),
        str(run.attempt),
        run.input_hash,
        *digests,
    )
