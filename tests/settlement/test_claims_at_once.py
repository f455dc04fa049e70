"""A claim and a facility's file of the same person settled at the same time, by two connections."""

import threading
from datetime import datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from django.db import connections

from settlement import batches, claims
from settlement.models import Accumulator, Claim, Visit, VisitBatch, VisitOutcome
from tests.files import applied
from tests.population import contract, insure, member, select
from tests.settlement.test_visit_files import row

EACH = 12


def test_a_claim_and_a_file_at_once_never_overspend_a_limit(committed, monkeypatch):
    """Heyuan 5: 55 % of 200.00 a visit is 110.00, and 1800.00 a year in all."""
    monkeypatch.setattr("settlement.tasks.settle_visits.delay", lambda _batch: None)
    person, hospital, clerk = insure(), contract(level="tertiary"), member("clerk")
    select(person, hospital, first="2023-01")
    days = [f"2023-03-{day:02d}" for day in range(1, EACH + 1)]
    applied(
        [row(person, hospital, f"B{day}", "200.00", 就诊时间=f"{day} 08:00", 急诊="是") for day in days],
        kind="visits",
    )
    claim = Claim(
        person=person, scheme="310", reason="emergency", payee_name=person.name, bank_name="工商银行",
        entered_by=clerk,
    )  # fmt: skip
    claim.pay_into("6222021234567890128")
    claim.save()
    for day in days:
        at = datetime.fromisoformat(f"{day} 09:00").replace(tzinfo=ZoneInfo("Asia/Shanghai"))
        visit = Visit(
            bill=f"R{day}", facility=hospital, at=at, category="outpatient", emergency=True,
            total=Decimal(200), eligible=Decimal(200),
        )  # fmt: skip
        claims.add_receipt(claim, visit, by=clerk)
    file, *receipts = VisitBatch.objects.order_by("pk").values_list("pk", flat=True)
    start, failed = threading.Barrier(2), []

    def settle(numbers):
        try:
            start.wait()
            for number in numbers:
                batches.settle(number)
        except Exception as error:
            failed.append(error)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=settle, args=(numbers,)) for numbers in ([file], receipts)]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]
    assert failed == []
    outcomes = sorted(
        VisitOutcome.objects.all(), key=lambda one: (one.before.get("annual", 0), not one.delta)
    )
    used = 0
    for outcome in outcomes:
        assert outcome.before.get("annual", 0) == used
        used += outcome.delta.get("annual", 0)
    assert len(outcomes) == 2 * EACH
    assert sum(outcome.fund for outcome in outcomes) == Decimal(1800)
    assert Accumulator.objects.get().used == {"annual": used} == {"annual": 180_000}
