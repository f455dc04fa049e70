"""Facilities' reports against what is on record: classified, settled with a reason, and opened again."""

from collections import Counter
from datetime import date

import pytest
from django.core.exceptions import ValidationError
from django.db import DatabaseError, transaction
from django.utils import timezone
from hypothesis import HealthCheck, given
from hypothesis import settings as settings_of_test
from hypothesis import strategies as st

from office import imports
from office.staging import Refused
from office.undoing import undo
from policies.month import Month
from settlement import reconciling, statements
from settlement.batches import settle, take_back
from settlement.models import (
    FIGURES,
    Difference,
    Reconciliation,
    ReportedBill,
    ReportedTotal,
    Statement,
    StatementApproval,
    Visit,
    VisitBatch,
)
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
    with pytest.raises(Refused):
        undo(imports.apply(file, by=None), by=None, reason="误传")


def test_no_statement_passes_with_open_differences_or_without_a_report(person, clinic):
    brought("visits", [visit(person, clinic, "B1", 1, "50.00")])
    clerk, reviewer = member("clerk"), member("reviewer")
    [statement] = statements.draw_up(scheme="310", month=MARCH, by=clerk)
    statements.send(statement)
    statements.confirm(statement, name="甲", day=timezone.localdate(), reference="1")

    def passes() -> bool:
        """Whether the statement may be approved: the database and the pages are of one mind."""
        answers = []
        for approve in (as_the_database_does, statements.sign):
            try:
                with transaction.atomic():
                    approve(statement, by=reviewer)
                    transaction.set_rollback(True)
                answers.append(True)
            except (DatabaseError, ValidationError) as refusal:
                told = map(str, reconciling.OBJECTIONS.values())
                assert "not reconciled" in str(refusal) or any(said in str(refusal) for said in told)
                answers.append(False)
        statement.refresh_from_db()
        assert answers[0] is answers[1]
        return answers[0]

    def as_the_database_does(statement, *, by):
        signed = {"number": 1, "step": "review", "person": by, "hash": statements.hash_of(statement)}
        StatementApproval.objects.create(statement=statement, **signed)
        Statement.objects.filter(pk=statement.pk).update(state="reviewed")

    assert not passes()
    month = Reconciliation.objects.get()
    reconciling.say_unreported(month, reason="机构停业", by=clerk)
    assert passes()
    brought("reported_months", [month_of(clinic, "1", "51.00", "35.00")])
    assert not passes()
    reconciling.settle(Difference.objects.all(), explanation="theirs_wrong", note="", by=clerk)
    assert passes()
    file = applied([visit(person, clinic, "B2", 2, "50.00")], kind="visits", name="迟.xlsx")
    assert not passes()  # it has not been compared yet
    [batch] = VisitBatch.objects.filter(import_file=file)
    settle(batch.pk)
    reconciling.compare_visits(batch.pk)
    assert not passes()
    brought("reported_months", [month_of(clinic, "2", "100.00", "70.00")], name="更正.xlsx")
    assert passes()
    other = contract()
    assert reconciling.stands_against(facility_id=other.pk, scheme="310", month=MARCH) is None


FACILITIES, DAYS = 2, 4
bills = st.lists(
    st.tuples(
        st.integers(0, FACILITIES - 1),
        st.integers(0, 9),  # bill
        st.integers(1, DAYS + 1),  # the last day lies in April
        st.integers(1, 3),  # yuan
        st.booleans(),  # refunded, on the next day
    ),
    max_size=8,
    unique_by=lambda bill: bill[:2],
)


@settings_of_test(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    ours=bills, theirs=bills, totals=st.lists(st.tuples(st.integers(0, FACILITIES - 1), st.integers(0, DAYS)))
)
def test_any_reports_are_told_apart_as_a_plain_comparison_does(db, ours, theirs, totals):
    with transaction.atomic():
        clinics = [contract(years=()) for _number in range(FACILITIES)]
        enter(clinics, ours)
        report(clinics, theirs, totals)
        reconciling.compare(scheme="310", month=MARCH)
        assert all_found() == plainly(clinics, ours, theirs, totals)
        assert not Difference.objects.exclude(state="open").exists()
        reconciling.compare(scheme="310", month=MARCH)
        assert set(Difference.objects.values_list("revision", flat=True)) <= {1}
        transaction.set_rollback(True)


def day_of(number: int) -> date:
    return date(2023, 4, 1) if number > DAYS else date(2023, 3, number)


def rows_of(bills) -> dict[tuple, tuple]:
    """By facility, bill and whether it is a refund: the day and the amount."""
    rows = {}
    for facility, bill, day, yuan, refunded in bills:
        rows[facility, f"B{bill}", False] = day_of(day), yuan
        if refunded:
            rows[facility, f"B{bill}", True] = day_of(day + 1), -yuan
    return rows


def enter(clinics, ours) -> None:
    batch = VisitBatch.objects.create(kind="entry", scheme="310", origin="page", at=timezone.now(), rows=0)
    entered = {}
    for (facility, bill, refund), (day, yuan) in rows_of(ours).items():
        original = entered.get((facility, bill))
        made = Visit.objects.create(
            batch=batch, scheme="310", facility=clinics[facility], person_id=1, category="outpatient",
            bill=f"{bill}-R" if refund else bill, at=f"{day}T08:00+08:00", total=yuan, eligible=yuan,
            reverses=original if refund else None,
        )  # fmt: skip
        if refund:
            Visit.objects.filter(pk=original.pk).update(reversed_by=made)
        entered[facility, bill] = made


def report(clinics, theirs, totals) -> None:
    said = {"scheme": "310", "version": 1, "import_id": 1, "at": timezone.now()}
    for (facility, bill, refund), (day, yuan) in rows_of(theirs).items():
        ReportedBill.objects.create(
            **said, facility=clinics[facility], month=Month.of(day), bill=bill, refund=refund, day=day,
            total=yuan, fund=0, cash=0,
        )  # fmt: skip
    for facility, day in set(totals):
        ReportedTotal.objects.create(
            **said, facility=clinics[facility], month=MARCH, day=day_of(day) if day else None, visits=1,
            total=2, fund=0,
        )  # fmt: skip


def all_found() -> set[tuple]:
    return {
        (
            one.reconciliation.facility_id, one.kind, one.day, one.bill, one.refund,
            one.theirs and (one.theirs[0], one.theirs[2]), one.ours and (one.ours[0], one.ours[2]),
        )
        for one in Difference.objects.select_related("reconciliation")
    }  # fmt: skip


def plainly(clinics, ours, theirs, totals) -> set[tuple]:
    """The same, one after the other: of each side the visits and the yuan."""
    mine, told, found = rows_of(ours), rows_of(theirs), set()

    def in_march(row) -> bool:
        return row is not None and row[0] < date(2023, 4, 1)

    def figures(key, row):
        return row and (int(not key[2]), row[1])

    for facility, clinic in enumerate(clinics):
        left = Counter()  # by day, of visits and of yuan: theirs less ours that bills explain
        of_month = Counter()
        for key, row in mine.items():
            if key[0] == facility and in_march(row):
                of_month["visits", row[0]] += int(not key[2])
                of_month["yuan", row[0]] += row[1]
        gave_bills = any(key[0] == facility and in_march(row) for key, row in told.items())
        for key in sorted(mine.keys() | told.keys()) if gave_bills else ():
            one, other = told.get(key), mine.get(key)
            if key[0] != facility or one == other or not (in_march(one) or in_march(other)):
                continue
            if one is None:
                kind = "only_ours"
            elif other is None:
                kind = "refund" if key[2] and (*key[:2], False) in mine else "only_theirs"
            else:
                kind = "amount" if one[1] != other[1] else "date"
            found.add((clinic.pk, kind, None, key[1], key[2], figures(key, one), figures(key, other)))
            for row, sign in ((one, 1), (other, -1)):
                if in_march(row):
                    left["visits", row[0]] += sign * int(not key[2])
                    left["yuan", row[0]] += sign * row[1]
        for day in {day_of(day) for where, day in totals if where == facility and day > 0}:
            expected = tuple(
                entered if entered == said else entered + left[name, day]
                for name, said in (("visits", 1), ("yuan", 2))
                for entered in [of_month[name, day]]
            )
            if expected != (1, 2):
                found.add((clinic.pk, "total", day, "", False, (1, 2), expected))
                for name, said, ours_then in zip(("visits", "yuan"), (1, 2), expected, strict=True):
                    left[name, day] += said - ours_then
        if (facility, 0) in totals:
            entered, unexplained = (
                {
                    name: sum(count for (what, _day), count in each.items() if what == name)
                    for name in ("visits", "yuan")
                }
                for each in (of_month, left)
            )
            expected = tuple(
                entered[name] if entered[name] == said else entered[name] + unexplained[name]
                for name, said in (("visits", 1), ("yuan", 2))
            )
            if expected != (1, 2):
                found.add((clinic.pk, "total", None, "", False, (1, 2), expected))
    return found
