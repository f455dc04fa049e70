"""Facilities' reports against what is on record: classified, settled with a reason, and opened again."""

import pytest
from django.db import DatabaseError, transaction

from office import imports
from policies.month import Month
from settlement import reconciling
from settlement.batches import settle, take_back
from settlement.models import Difference, Reconciliation, ReportedBill, ReportedTotal, VisitBatch
from settlement.models.reconciliation import FIGURES
from tests.files import applied, checked, counts, problems
from tests.population import contract, insure, member, select

pytestmark = pytest.mark.django_db
MARCH = Month(2023, 3)


def visit(person, clinic, bill: str, day: int, total: str, **values) -> dict[str, str]:
    return {
        "单据号": bill,
        "机构代码": clinic.code,
        "证件号码": person.document_number,
        "就诊时间": f"2023-03-{day:02} 09:00",
        "医疗类别": "普通门诊",
        "总费用": total,
        "政策范围内": total,
    } | values


def billed(clinic, bill: str, day: int, total: str, fund: str, **values) -> dict[str, str]:
    return {
        "机构代码": clinic.code,
        "单据号": bill,
        "就诊日期": f"2023-03-{day:02}",
        "总费用": total,
        "统筹支付": fund,
    } | values


def month_of(clinic, visits: str, total: str, fund: str, **values) -> dict[str, str]:
    said = {"机构代码": clinic.code, "年月": "2023-03", "人次": visits, "总费用": total, "统筹支付": fund}
    return said | values


def brought(kind: str, rows: list[dict], name: str = "对账.xlsx") -> None:
    """A file applied, and what follows it in the background."""
    file = applied(rows, kind=kind, name=name)
    if kind == "visits":
        for batch in VisitBatch.objects.filter(import_file=file):
            settle(batch.pk)
            reconciling.compare_visits(batch.pk)
    else:
        reconciling.compare_reported(file.pk)


def found(clinic, *, state: str = "open") -> set[tuple]:
    """Class, what it is about, and the totals of both sides."""
    total = FIGURES.index("total")
    return {
        (
            one.kind,
            str(one) + ("R" if one.refund else ""),
            one.theirs and str(one.theirs[total]),
            one.ours and str(one.ours[total]),
        )
        for one in Difference.objects.filter(reconciliation__facility=clinic, state=state)
    }


def standing(clinic) -> str:
    return Reconciliation.objects.with_standing().get(facility=clinic, month=MARCH).standing


@pytest.fixture
def clinic():
    return contract(level="primary")


@pytest.fixture
def person(clinic):
    person = insure()
    select(person, clinic, first="2023-01")
    return person


def test_a_month_is_compared_bill_by_bill_settled_and_agreed(person, clinic):
    brought("visits", [visit(person, clinic, f"B{n}", n, "50.00") for n in range(1, 7)])
    assert standing(clinic) == "not_reported"
    brought(
        "reported_bills",
        [
            billed(clinic, "B1", 1, "50.00", "35.00"),
            billed(clinic, "B2", 2, "50.00", "36.00"),
            billed(clinic, "B3", 4, "50.00", "35.00"),
            billed(clinic, "B4", 4, "50.00", "35.00"),
            billed(clinic, "B4", 4, "50.00", "35.00", 退费标志="是"),
            billed(clinic, "B5", 5, "50.00", "35.00"),
            billed(clinic, "B9", 9, "20.00", "14.00"),
        ],
    )
    assert found(clinic) == {
        ("amount", "B2", "50.00", "50.00"),
        ("date", "B3", "50.00", "50.00"),
        ("refund", "B4R", "-50.00", None),
        ("only_ours", "B6", None, "50.00"),
        ("only_theirs", "B9", "20.00", None),
    }
    # Their month is what their bills come to: nothing is left for the total to say. One yuan more is.
    month = month_of(clinic, "6", "220.00", "155.00", 退费人次="1")
    brought("reported_months", [month])
    assert {kind for kind, *_ in found(clinic)} == {"amount", "date", "refund", "only_ours", "only_theirs"}
    brought("reported_months", [month | {"总费用": "221.00"}])
    assert ("total", "2023-03", "221.00", "220.00") in found(clinic)
    assert list(ReportedTotal.objects.order_by("version").values_list("version", "current")) == [
        (1, False),
        (2, True),
    ]

    clerk = member("clerk")
    refund = Difference.objects.get(kind="refund")
    with transaction.atomic():
        take_back(refund.visit, by=clerk, reason="机构已退费")
    batch = VisitBatch.objects.latest("pk")
    settle(batch.pk)
    reconciling.compare_visits(batch.pk)
    reconciling.compare(scheme="310", month=MARCH)
    # Taken back today, as it is entered by hand: the date is all that is left of it.
    assert ("date", "B4R", "-50.00", "-50.00") in found(clinic)

    open_ones = Difference.objects.filter(reconciliation__facility=clinic)
    assert reconciling.settle(open_ones, explanation="other_period", note="", by=clerk) == 6
    assert standing(clinic) == "settled"
    reconciling.compare(scheme="310", month=MARCH)
    assert standing(clinic) == "settled"
    brought("reported_bills", [billed(clinic, "B2", 2, "50.00", "35.50")], name="2.xlsx")
    assert {about for _kind, about, *_ in found(clinic)} == {"B2", "2023-03"}
    brought(
        "reported_bills",
        [
            billed(clinic, "B2", 2, "50.00", "35.00"),
            billed(clinic, "B3", 3, "50.00", "35.00"),
            billed(clinic, "B6", 6, "50.00", "35.00"),
            billed(clinic, "B9", 9, "20.00", "14.00", 作废="是"),
        ],
        name="3.xlsx",
    )
    brought("reported_months", [month_of(clinic, "6", "250.00", "175.00", 退费人次="1")], name="4.xlsx")
    assert (found(clinic), standing(clinic)) == (set(), "settled")
    assert found(clinic, state="settled") == {("date", "B4R", "-50.00", "-50.00")}
    with pytest.raises(DatabaseError, match="another version"), transaction.atomic():
        ReportedBill.objects.filter(current=True).update(total=1)


def test_without_bills_only_totals_differ(person, clinic):
    brought("visits", [visit(person, clinic, f"B{n}", n, "50.00") for n in (1, 2)])
    day = {"机构代码": clinic.code, "日期": "2023-03-01", "人次": "1", "总费用": "60.00", "统筹支付": "35.00"}
    brought("reported_days", [day])
    assert found(clinic) == {("total", "2023-03-01", "60.00", "50.00")}
    brought("reported_months", [month_of(clinic, "2", "110.00", "70.00")])
    assert found(clinic) == {("total", "2023-03-01", "60.00", "50.00")}  # the day explains the month
    brought("reported_months", [month_of(clinic, "2", "115.00", "70.00", 现金支付="1")])
    assert found(clinic) == {
        ("total", "2023-03-01", "60.00", "50.00"),
        ("total", "2023-03", "115.00", "110.00"),
    }
    brought("reported_days", [day | {"总费用": "50.00"}])
    brought("reported_months", [month_of(clinic, "2", "100.00", "70.00")])
    assert (found(clinic), standing(clinic)) == (set(), "agreed")


def test_the_file_says_what_is_wrong_and_what_changes(clinic):
    brought("reported_months", [month_of(clinic, "2", "100.00", "70.00", 现金支付="30")])
    file = checked(
        [
            month_of(clinic, "3", "100.00", "70.00", 现金支付="30"),
            month_of(clinic, "1.5", "-5.00", "0") | {"年月": "2023-04"},
            month_of(clinic, "1", "5.00", "0") | {"机构代码": "H999", "年月": "2999-01"},
        ],
        kind="reported_months",
    )
    assert counts(file) == {"changed": 1, "rejected": 2}
    assert {(row, header) for row, header, _ in problems(file)} == {(3, "人次"), (4, "机构代码"), (4, "年月")}
    bills = checked(
        [
            billed(clinic, "B1", 1, "-50.00", "-35.00"),
            billed(clinic, "B2", 1, "50.00", "35.00", 作废="是"),
            billed(clinic, "B3", 1, "50.00", "35.00"),
            billed(clinic, "B3", 2, "50.00", "35.00"),
            billed(clinic, "B3", 2, "50.00", "35.00", 退费标志="是"),
        ],
        kind="reported_bills",
    )
    assert [(row, header) for row, header, _ in problems(bills)] == [
        (2, "退费标志"),
        (3, "作废"),
        (4, "单据号"),
        (5, "单据号"),
    ]
    with pytest.raises(imports.Refused if hasattr(imports, "Refused") else Exception):
        from office.undoing import undo

        undo(file, by=None, reason="x")
