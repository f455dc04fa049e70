"""Visit files settled by several workers at once, and by workers that are killed. Real processes."""

from decimal import Decimal

import pytest
from django.db import connection, transaction

from accounts.models import Account
from accounts.verify import verify_books
from office import imports
from settlement import batches
from settlement.models import Accumulator, Visit, VisitBatch, VisitOutcome
from settlement.tasks import settle_visits, sweep_visits
from tests.files import checked
from tests.population import contract, fund, insure, select
from tests.worker import kill, wait_until, worker

PEOPLE, VISITS = 12, 30


def row(person, facility, bill: str, minute: int) -> dict[str, str]:
    return {
        "单据号": bill,
        "机构代码": facility.code,
        "证件号码": person.document_number,
        "就诊时间": f"2023-03-{1 + minute // 60:02d} 08:{minute % 60:02d}",
        "医疗类别": "普通门诊",
        "总费用": "200.00",
        "政策范围内": "200.00",
    }


@pytest.fixture
def files(committed, monkeypatch):
    """Two facilities' files about the same people, who would overspend their limit, in small chunks."""
    people = [insure() for _person in range(PEOPLE)]
    clinics = [contract(level="tertiary"), contract(level="tertiary")]
    for person in people:
        select(person, clinics[0], first="2023-01")
        fund(person, "300.00")
    monkeypatch.setattr("settlement.visit_file.CHUNK_ROWS", 25)
    monkeypatch.setattr("settlement.tasks.settle_visits.delay", lambda _batch: None)
    found = []
    for place, clinic in enumerate(clinics):
        rows = [
            row(person, clinic, f"{place}-{number}-{person.pk}", number) | ({"急诊": "是"} if place else {})
            for number in range(VISITS // 2)
            for person in people
        ]
        file = imports.apply(checked(rows, kind="visits"), by=None)
        found.append(VisitBatch.objects.get(import_file=file))
    monkeypatch.undo()
    return found


def assert_as_one_after_the_other() -> None:
    """Counters go from outcome to outcome without a gap and stop at the limit: there is a serial order."""
    for accumulator in Accumulator.objects.all():
        outcomes = list(VisitOutcome.objects.filter(visit__person=accumulator.person_id))
        assert len(outcomes) == VISITS
        outcomes.sort(key=lambda one: (one.before.get("annual", 0), one.delta == {}))
        used = 0
        for one in outcomes:
            assert one.before.get("annual", 0) == used
            used += one.delta.get("annual", 0)
            assert one.fund == min(Decimal("110.00"), Decimal(180_000 - one.before.get("annual", 0)) / 100)
        assert used == accumulator.used["annual"] == 180_000
        assert sum(one.account for one in outcomes) == Decimal("300.00")
    assert VisitOutcome.objects.count() == PEOPLE * VISITS
    assert set(Account.objects.filter(kind="person").values_list("balance", flat=True)) == {0}
    payable = Account.objects.filter(kind="payable").values_list("balance", flat=True)
    assert sum(payable) == PEOPLE * Decimal("300.00")
    assert [finding.wrong for finding in verify_books() if finding.wrong] == []


def waiting_for_a_lock() -> int:
    with connection.cursor() as cursor:
        cursor.execute("select count(*) from pg_locks where not granted")
        return cursor.fetchone()[0]


def test_two_files_with_the_same_people_at_once(files):
    """Both have begun before either can write a counter: whoever reads without holding overspends."""
    people = Visit.objects.values_list("person_id", flat=True).distinct()
    Accumulator.objects.bulk_create(Accumulator(person_id=each, scheme="310", year=2023) for each in people)
    with worker(concurrency=2):
        with transaction.atomic():
            list(Accumulator.objects.select_for_update())
            for batch in files:
                settle_visits.delay(batch.pk)
            wait_until(lambda: waiting_for_a_lock() == 2, seconds=60)
        for batch in files:
            settle_visits.delay(batch.pk)  # a doubled message
        wait_until(lambda: not VisitBatch.objects.filter(settled_at=None).exists(), seconds=60)
    assert not VisitBatch.objects.exclude(chunks__error="").exists()
    assert_as_one_after_the_other()


def test_a_worker_killed_in_mid_file_is_taken_over(files):
    first, second = files
    with worker() as process:
        settle_visits.delay(first.pk)
        wait_until(first.chunks.exclude(settled_at=None).exists, seconds=60, every=0.001)
        kill(process)
    assert Visit.objects.filter(batch=first, outcome=None).exists(), "finished before it was killed"
    assert VisitOutcome.objects.filter(visit__batch=first).exists()
    VisitBatch.objects.update(at="2023-01-01T00:00:00Z")  # waited long
    with worker():
        sweep_visits()
        wait_until(lambda: not VisitBatch.objects.filter(settled_at=None).exists(), seconds=60)
    batches.settle(first.pk)  # again, and nothing happens
    assert_as_one_after_the_other()
    assert second.chunks.filter(settled_at=None).count() == 0
