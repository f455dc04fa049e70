"""Visits entered while somebody waits and a file of the same person, settled at the same time."""

import threading
from datetime import datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from django.db import connections

from accounts.models import Account
from accounts.verify import verify_books
from settlement import batches
from settlement.models import Accumulator, Visit, VisitBatch, VisitOutcome
from settlement.online import settle_at_once
from tests.files import applied
from tests.population import contract, fund, insure, member, select
from tests.settlement.test_visit_files import row

EACH = 12


def test_visits_at_the_counter_and_a_file_at_once_spend_limit_and_account_once(committed, monkeypatch):
    """Heyuan 5: 55 % of 200.00 a visit is 110.00, 1800.00 a year in all; the account pays what it holds."""
    monkeypatch.setattr("settlement.tasks.settle_visits.delay", lambda _batch: None)
    person, hospital, clerk = insure(), contract(level="tertiary"), member("clerk")
    select(person, hospital, first="2023-01")
    fund(person, "500.00")
    days = [f"2023-03-{day:02d}" for day in range(1, EACH + 1)]
    applied(
        [row(person, hospital, f"B{day}", "200.00", 就诊时间=f"{day} 08:00", 急诊="是") for day in days],
        kind="visits",
    )
    file = VisitBatch.objects.get()

    def at_the_counter(hour: str) -> None:
        for day in days:
            at = datetime.fromisoformat(f"{day} {hour}").replace(tzinfo=ZoneInfo("Asia/Shanghai"))
            visit = Visit(
                bill=f"C{day} {hour}", facility=hospital, person=person, scheme="310", at=at,
                category="emergency", emergency=True, total=Decimal(200), eligible=Decimal(200),
            )  # fmt: skip
            settle_at_once(visit, by=clerk)

    def in_thread(work, *given) -> None:
        try:
            start.wait()
            work(*given)
        except Exception as error:
            failed.append(error)
        finally:
            connections.close_all()

    start, failed = threading.Barrier(3), []
    works = ((batches.settle, file.pk), (at_the_counter, "09:00"), (at_the_counter, "10:00"))
    threads = [threading.Thread(target=in_thread, args=work) for work in works]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]
    assert failed == []
    outcomes = sorted(
        VisitOutcome.objects.all(), key=lambda one: (one.before.get("annual", 0), not one.delta)
    )
    used = 0
    for outcome in outcomes:  # each began where another had ended
        assert outcome.before.get("annual", 0) == used
        used += outcome.delta.get("annual", 0)
    assert len(outcomes) == 3 * EACH
    assert sum(outcome.fund for outcome in outcomes) == Decimal(1800)
    assert Accumulator.objects.get().used == {"annual": used} == {"annual": 180_000}
    assert sum(outcome.account for outcome in outcomes) == Decimal(500)
    assert Account.objects.get(person=person).balance == 0
    assert [finding.wrong for finding in verify_books() if finding.wrong] == []
