"""Visits settled at once, while somebody waits, come out as those of a batch do."""

from decimal import Decimal

from django.db import transaction

from accounts.models import Account, Transfer, Voucher
from accounts.verify import verify_books
from settlement.batches import enter, settle
from settlement.models import Accumulator, Visit, VisitChunk, VisitOutcome
from settlement.online import settle_at_once
from tests.cities import rules_of
from tests.population import member
from tests.settlement.drawn_bills import bills, facilities, people
from tests.settlement.plain_year import Bill, PlainYear, yuan
from tests.settlement.test_years import Town

TOLD = ("at", "category", "disease", "drug", "emergency", "admitted", "gate")
AMOUNTS = ("total", "full_self_paid", "eligible", "diagnosis_fee", "consultation_fee")


def visit_of(bill: Bill, town: Town) -> Visit:
    return Visit(
        scheme=town.scheme,
        facility=town.there[bill.facility],
        person=town.people[bill.person],
        prescriber=town.there[bill.prescriber] if bill.prescriber else None,
        asked=None if bill.asked is None else Decimal(yuan(bill.asked)),
        **{name: getattr(bill, name) for name in TOLD},
        **{name: Decimal(yuan(getattr(bill, name))) for name in AMOUNTS},
        bill=bill.id,
    )


def records() -> dict[str, list]:
    """All that was written, but for numbers and moments; vouchers by the digests over their transfers."""
    passing = ("visit", "chunk")
    return {
        "outcomes": [
            (
                one.visit.bill,
                *(getattr(one, field.name) for field in one._meta.fields if field.name not in passing),
            )
            for one in VisitOutcome.objects.select_related("visit").order_by("visit__bill")
        ],
        "chunks": [
            (
                chunk.batch.kind,
                chunk.batch.rows,
                chunk.number,
                chunk.rows,
                chunk.totals,
                chunk.voucher_id is None,
            )
            for chunk in VisitChunk.objects.select_related("batch").order_by("pk")
        ],
        "counters": list(
            Accumulator.objects.order_by("person", "year").values_list("person", "year", "used")
        ),
        "transfers": list(
            Transfer.objects.order_by("pk").values_list(
                "debit", "credit", "amount", "kind", "month", "covers"
            )
        ),
        "vouchers": list(Voucher.objects.order_by("pk").values_list("digest", "amount", "rows", "source")),
        "balances": list(Account.objects.order_by("pk").values_list("pk", "balance")),
    }


def test_one_by_one_as_in_batches(db):
    rules_of("honghe")
    year = PlainYear("honghe", people=people("honghe"), facilities=facilities())
    town, clerk = Town("honghe", scheme="310", year=year), member("clerk")
    for each in town.there.values():
        Account.objects.get_or_create(kind="payable", scheme="310", facility=each, opened_on="2022-01-01")
    some = sorted((bill for bill in bills("honghe") if not bill.reverses), key=lambda bill: bill.at)[:60]

    def by_batch(visit: Visit) -> None:
        settle(enter(visit, by=clerk).pk)

    with transaction.atomic():
        for bill in some:
            by_batch(visit_of(bill, town))
        wanted = records()
        transaction.set_rollback(True)
    for bill in some:
        chunk = settle_at_once(visit_of(bill, town), by=clerk)
        assert chunk.totals == VisitChunk.objects.get(pk=chunk.pk).totals
    assert records() == wanted
    assert {one.state for one in VisitOutcome.objects.all()} == {"paid", "denied", "held"}
    assert {"spending", "family"} <= {transfer.kind for transfer in Transfer.objects.all()}
    assert [finding.wrong for finding in verify_books() if finding.wrong] == []
