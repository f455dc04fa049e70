"""A visit settled while somebody waits for the answer: entered, adjudicated and paid in one transaction.

It is a batch of its own like one entered by hand, adjudicated by the same code as a chunk of a file. What
comes of it is written by one statement, which alone holds what many visits at once have in common: the
account of their facility. Each statement is planned once a connection.
"""

import json

from django.utils import timezone

from accounts.vouchers import letting_go
from office.acting import acting
from office.models import Origin, Staff
from office.statements import prepared
from policies.month import Month
from settlement.batches import chunk_of, on_record_once
from settlement.models import Visit, VisitBatchKind, VisitChunk
from settlement.purses import columns_of
from settlement.visits import OUTCOME_COLUMNS, Work, adjudicated, text_of


def settle_at_once(visit: Visit, *, by: Staff | None) -> VisitChunk:
    """The chunk the visit was settled in; raises ValidationError for a bill on record, RunRefused.

    The visit is entered by whoever the transaction works for, and settled as workers would.
    """
    with on_record_once():
        return letting_go(lambda: _settled(visit, by=by))


def _settled(visit: Visit, *, by: Staff | None) -> VisitChunk:
    chunk = chunk_of(visit, kind=VisitBatchKind.ENTRY, by=by, settled_at=timezone.now())
    with acting(staff=by, origin=Origin.PAGE, because=f"visits {chunk.batch_id}", savepoint=False):
        _write(adjudicated(chunk), chunk)
    return chunk


def _write(work: Work, chunk: VisitChunk) -> None:
    """All of it by one statement."""
    [row], [counters] = work.written, work.counters.values()
    cells = [text_of(cell) for cell in row.rstrip("\n").encode().split(b"\t")]
    moves = columns_of(work.purses.moves)
    [[voucher]] = prepared(
        "settlement/visit_settled",
        scheme=chunk.batch.scheme,
        batch=chunk.batch_id,
        month=Month.of(timezone.localdate()).first_day,
        counters=counters.number,
        used=counters.text,
        totals=json.dumps(work.totals),
        **dict(zip(("debits", "credits", "amounts", "kinds", "covered"), moves, strict=True)),
        **dict(zip(OUTCOME_COLUMNS.split(", "), cells, strict=True)),
    )
    chunk.voucher_id = voucher and int(voucher)
    chunk.totals = work.totals
