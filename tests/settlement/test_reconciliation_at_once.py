"""Visits and reports that arrive while months are compared: in the end all of them are, once."""

import threading
from datetime import date

from django.db import connections
from django.utils import timezone

from policies.month import Month
from settlement import reconciling
from settlement.models import Difference, Reconciliation, ReportedBill, Visit, VisitBatch
from tests.population import contract

MARCH = Month(2023, 3)
BILLS = 12


def test_what_arrives_while_comparing_is_compared_once(committed):
    clinic = contract(years=())
    batch = VisitBatch.objects.create(kind="entry", scheme="310", origin="page", at=timezone.now(), rows=0)
    start, failed = threading.Barrier(3), []

    def visit(number: int) -> None:
        Visit.objects.create(
            batch=batch, scheme="310", facility=clinic, person_id=1, category="outpatient", bill=f"B{number}",
            at="2023-03-02T08:00+08:00", total=number, eligible=number,
        )  # fmt: skip

    def report(number: int) -> None:
        ReportedBill.objects.create(
            facility=clinic, scheme="310", month=MARCH, version=1, import_id=1, at=timezone.now(),
            bill=f"B{number}", refund=False, day=date(2023, 3, 2), total=number, fund=0,
        )  # fmt: skip

    def arrive(enter, bills, whose) -> None:
        try:
            start.wait()
            for number in bills:
                enter(number)
                reconciling.compare(scheme="310", month=MARCH, facilities=whose)
        except Exception as error:
            failed.append(error)
        finally:
            connections.close_all()

    threads = [
        threading.Thread(target=arrive, args=args)
        for args in (
            (visit, range(1, BILLS), [clinic.pk]),
            (report, range(2, BILLS + 1), [clinic.pk]),
            (lambda number: None, range(BILLS), None),
        )
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failed
    compared = Difference.objects.exclude(state="gone")
    told = sorted(compared.values_list("kind", "bill"))
    assert told == [("only_ours", "B1"), ("only_theirs", f"B{BILLS}")]
    assert Reconciliation.objects.get().visits == BILLS - 1
    before = list(compared.values_list("pk", "revision"))
    reconciling.compare(scheme="310", month=MARCH)
    assert list(compared.values_list("pk", "revision")) == before
