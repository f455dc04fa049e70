"""A visit settled while somebody waits for the answer: entered, adjudicated and paid in one transaction.

It is a batch of its own like one entered by hand, settled by the same code as a chunk of a file. What many
visits at once have in common, the account of their facility, is held last.
"""

from django.db import transaction
from django.utils import timezone

from office.acting import acting
from office.models import Origin, Staff
from settlement.batches import chunk_of, on_record_once
from settlement.models import Visit, VisitBatchKind, VisitChunk
from settlement.visits import settle_chunk


def settle_at_once(visit: Visit, *, by: Staff | None) -> VisitChunk:
    """The chunk the visit was settled in; raises ValidationError for a bill on record, RunRefused.

    The visit is entered by whoever the transaction works for, and settled as workers would.
    """
    with on_record_once(), transaction.atomic():
        chunk = chunk_of(visit, kind=VisitBatchKind.ENTRY, by=by, settled_at=timezone.now())
        with acting(staff=by, origin=Origin.PAGE, because=f"visits {chunk.batch_id}"):
            settle_chunk(chunk)
            chunk.save(update_fields=["voucher_id", "totals"])
    return chunk
