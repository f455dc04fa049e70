"""Batches of visits: how one comes about, and how it is settled in the background, chunk by chunk.

A chunk is claimed by whoever comes first; its outcomes, counters, voucher and mark commit together, so a
killed worker's chunk is simply done by another, and nothing is done twice.
"""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from decimal import Decimal

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import Transfer
from office.acting import acting
from office.failures import in_words, passes_by_itself
from office.fields import numbers
from office.models import ImportFile, ImportState, Origin, Staff
from office.refusal import RunRefused
from office.runs import take_memory
from office.statements import execute, fetch, prepared
from settlement.models import Visit, VisitBatch, VisitBatchKind, VisitChunk, VisitOutcome, VisitState
from settlement.models.visit import AMOUNTS, FEES
from settlement.visits import settle_chunk

logger = logging.getLogger(__name__)
CHUNK_ROWS = 20_000  # some seconds of work
CELLS = [field for field in Visit._meta.concrete_fields if field.name not in ("id", "batch")]


def settle(batch_id: int) -> None:
    """Settle every chunk nobody else has in hand; may be called by several workers at once, and again."""
    while _settle_next(batch_id):
        pass
    done = VisitBatch.objects.filter(pk=batch_id, settled_at=None)
    if not VisitChunk.objects.filter(batch=batch_id, settled_at=None).exists():
        done.update(settled_at=timezone.now())


def _settle_next(batch_id: int) -> bool:
    chunk = None
    batch = VisitBatch.objects.select_related("by").get(pk=batch_id)
    try:
        with acting(staff=batch.by, origin=batch.origin, because=f"visits {batch_id}"):
            take_memory()
            chunk = (
                VisitChunk.objects.select_for_update(skip_locked=True, of=("self",))
                .select_related("batch")
                .filter(batch=batch_id, settled_at=None, error="")
                .order_by("number")
                .first()
            )
            if chunk is None:
                return False
            settle_chunk(chunk)
            chunk.settled_at = timezone.now()
            chunk.save(update_fields=["voucher_id", "totals", "settled_at"])
    except Exception as error:
        if chunk is None or passes_by_itself(error):
            raise  # the sweeper asks again
        if not isinstance(error, RunRefused):
            logger.exception("chunk %s of visits %s", chunk.number, batch_id)
        VisitChunk.objects.filter(pk=chunk.pk, settled_at=None).update(error=in_words(error))
    return True


def try_again(batch: VisitBatch) -> None:
    """Free the chunks that could not be settled, to be taken up by a worker."""
    batch.chunks.filter(settled_at=None).update(error="")


def enter(visit: Visit, *, by: Staff, kind: VisitBatchKind = VisitBatchKind.ENTRY) -> VisitBatch:
    """One visit entered by hand; raises ValidationError when it contradicts what is on record."""
    return _single(visit, kind=kind, by=by, reason="")


def take_back(visit: Visit, *, by: Staff, reason: str, kind: VisitBatchKind = VisitBatchKind.REFUND) -> Visit:
    """A refund of a whole visit; raises ValidationError."""
    if not reason.strip():
        raise ValidationError(_("Give a reason."))
    with transaction.atomic():
        visit = Visit.objects.select_for_update(of=("self",)).select_related("outcome").get(pk=visit.pk)
        if visit.reverses_id or visit.reversed_by_id:
            raise ValidationError(_("This visit is taken back already, or takes another one back."))
        if not hasattr(visit, "outcome"):
            raise ValidationError(_("This visit is not settled yet."))
        times = Visit.objects.filter(
            facility=visit.facility_id, bill=visit.bill, reversed_by__isnull=False
        ).count()
        refund = Visit(
            scheme=visit.scheme,
            facility_id=visit.facility_id,
            person_id=visit.person_id,
            prescriber_id=visit.prescriber_id,
            bill=f"{visit.bill[:36]}-R{times + 1 if times else ''}",
            at=timezone.now(),
            category=visit.category,
            disease=visit.disease,
            drug=visit.drug,
            reverses_id=visit.pk,
            **{name: -getattr(visit, name) for name in (*AMOUNTS, *FEES)},
        )
        _single(refund, kind=kind, by=by, reason=reason.strip())
        Visit.objects.filter(pk=visit.pk).update(reversed_by=refund)
    return refund


def what_stands(batch: VisitBatch) -> dict[str, tuple[int, Decimal, Decimal, Decimal]]:
    """How many visits of a batch stand, are refunds, taken back already, unsettled or out of sight.

    Each with their total and what fund and accounts paid, in yuan.
    """
    first, after = numbers_of(batch)
    found = {
        stands: (count, *(Decimal(amount).scaleb(-2) for amount in amounts))
        for stands, count, *amounts in fetch(
            "settlement/visits_refundable", batch=batch.pk, first=first, after=after
        )
    }
    unseen = batch.rows - sum(count for count, *_amounts in found.values())
    return found | ({"unseen": (unseen, *(Decimal(0),) * 3)} if unseen else {})


def take_back_all(batch: VisitBatch, *, by: Staff, reason: str) -> VisitBatch:
    """A batch of refunds of all visits of a batch that can be taken back; raises ValidationError."""
    if not reason.strip():
        raise ValidationError(_("Give a reason."))
    with transaction.atomic():
        batch = VisitBatch.objects.select_for_update(of=("self",)).get(pk=batch.pk)
        standing = what_stands(batch)
        if "unseen" in standing or "unsettled" in standing:
            raise ValidationError(
                _("Not all visits are settled and in your sight: take them back one by one.")
            )
        if "standing" not in standing:
            raise ValidationError(_("None of its visits can be taken back any more."))
        refund = VisitBatch.objects.create(
            kind=VisitBatchKind.REFUND,
            scheme=batch.scheme,
            takes_back=batch,
            reason=reason.strip(),
            origin=Origin.PAGE,
            by=by,
            at=timezone.now(),
            rows=0,
        )
        first, after = numbers_of(batch)
        [[refund.rows]] = fetch(
            "settlement/visits_refunded",
            batch=batch.pk,
            refund=refund.pk,
            first=first,
            after=after,
            size=CHUNK_ROWS,
        )
        refund.save(update_fields=["rows"])
        # Nothing of it stands any more: the same file may come anew.
        ImportFile.objects.filter(pk=batch.import_file_id, state=ImportState.APPLIED).update(
            state=ImportState.UNDONE, undone_by=by, undone_at=timezone.now(), undo_reason=reason.strip()
        )
    return refund


def numbers_of(batch: VisitBatch) -> tuple[int, int]:
    """Between which numbers a batch's visits lie: the first, and the one after the last."""
    ranges = [stretch for chunk in batch.chunks.all() for stretch in chunk.visits]
    return min((each.lower for each in ranges), default=0), max((each.upper for each in ranges), default=0)


def _single(visit: Visit, *, kind: VisitBatchKind, by: Staff, reason: str) -> VisitBatch:
    with on_record_once(), transaction.atomic():
        return chunk_of(visit, kind=kind, by=by, reason=reason).batch


@contextmanager
def on_record_once() -> Iterator[None]:
    """Say in words that the database refuses a visit, as ValidationError."""
    try:
        yield
    except IntegrityError as error:
        raise ValidationError(
            _("The facility's bill is entered already, or the visit was taken back meanwhile.")
        ) from error


def chunk_of(
    visit: Visit,
    *,
    kind: VisitBatchKind,
    by: Staff | None,
    reason: str = "",
    settled_at: datetime | None = None,
) -> VisitChunk:
    """Enter one visit, as a batch of its own with the one chunk that is returned."""
    batch = visit.batch = VisitBatch(
        kind=kind,
        scheme=visit.scheme,
        reason=reason,
        origin=Origin.PAGE,
        by=by,
        at=timezone.now(),
        rows=1,
        settled_at=settled_at,
    )
    chunk = VisitChunk(batch=batch, number=1, rows=1, settled_at=settled_at)
    told = {"kind": kind, "reason": reason, "by": by and by.pk, "entered_at": batch.at}
    cells = {field.column: field.get_prep_value(getattr(visit, field.attname)) for field in CELLS}
    [entered] = prepared("settlement/visit_entered", **told, settled_at=settled_at, **cells)
    for record, number in zip((batch, visit, chunk), entered, strict=True):
        record.pk, record._state.adding = int(number), False
    visit.batch, chunk.batch, chunk.visits = batch, batch, numbers([visit.pk])
    return chunk


def settle_held_again(*, scheme: str, by: Staff) -> VisitBatch | None:
    """A batch of all visits on hold, to be settled by the figures entered since; None without any."""
    batch = VisitBatch(
        kind=VisitBatchKind.HELD,
        scheme=scheme,
        origin=Origin.PAGE,
        by=by,
        at=timezone.now(),
        rows=0,
    )
    with transaction.atomic():
        batch.save()
        execute("settlement/visit_chunks_held", batch=batch.pk, scheme=scheme, size=CHUNK_ROWS)
        rows = sum(batch.chunks.values_list("rows", flat=True))
        if not rows:
            transaction.set_rollback(True)
            return None
        VisitBatch.objects.filter(pk=batch.pk).update(rows=rows)
    return batch


def transfers_of(outcome: VisitOutcome) -> QuerySet[Transfer]:
    """The transfers by which accounts paid for a visit, or were given back what they paid."""
    if outcome.state == VisitState.REVERSED:
        original = VisitOutcome.objects.get(visit=outcome.visit.reverses_id)
        numbers = transfers_of(original).values_list("pk", flat=True)
        return Transfer.objects.filter(reverses_id__in=list(numbers)).order_by("pk")
    if not outcome.moves:
        return Transfer.objects.none()
    posted = Transfer.objects.filter(voucher_id=outcome.chunk.voucher_id).order_by("pk")
    numbers = posted.values_list("pk", flat=True)[outcome.first_move : outcome.first_move + outcome.moves]
    return Transfer.objects.filter(pk__in=list(numbers)).order_by("pk")
