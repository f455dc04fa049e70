"""What late news would have meant for credited months: told month by month, nothing posted is touched."""

from datetime import date
from decimal import Decimal

import pytest

from accounts.late_news import differences
from accounts.models import Transfer
from insured import endings, recording, spells
from insured.models import PersonChange
from office import periods, runs
from policies.month import Month
from tests.population import insure, member, posted

pytestmark = pytest.mark.django_db
BY = {"by": None, "reason": "证明材料"}
FEBRUARY, MARCH, APRIL = Month(2023, 2), Month(2023, 3), Month(2023, 4)


def credited(month: Month, clerk):
    run = runs.prepare(kind="credit", scheme="310", period=month, by=clerk, origin="page")
    return posted(runs.compute(run.pk))


def told(person) -> list[tuple]:
    return [
        (str(row.month), row.status, str(row.credited), str(row.due), row.held)
        for row in differences(scheme="310", people=[person])
    ]


def test_months_credited_by_what_was_known_then_and_due_by_what_is_known_now():
    clerk = member("clerk")
    retiring, dying, raised, late, same = (insure(base="5000", first="2023-01") for _each in range(5))
    late.enrolments.update(first_month=APRIL)  # 2 % of the base for who works, 102.79 for who has retired
    for month in (FEBRUARY, MARCH):
        credited(month, clerk)
    before = list(Transfer.objects.order_by("pk").values())
    spells.retire(retiring, completed=FEBRUARY, group="enterprise", **BY)
    endings.end(dying, kind="died", day=date(2023, 2, 10), **BY)
    spells.change(raised, month=FEBRUARY, last=FEBRUARY, base=Decimal("6000"), **BY)
    late.enrolments.update(first_month=MARCH)
    assert told(retiring) == [("2023-03", "retired", "100.00", "102.79", "")]
    assert told(dying) == [("2023-03", "", "100.00", "0.00", "")]
    assert told(raised) == [("2023-02", "active", "100.00", "120.00", "")]
    assert told(late) == [("2023-03", "active", "0.00", "100.00", "")]
    assert told(same) == []
    everybody = differences(scheme="310")
    assert {row.person_id: row.adjustment for row in everybody} == {
        retiring.pk: Decimal("2.79"),
        dying.pk: Decimal("-100.00"),
        raised.pk: Decimal("20.00"),
        late.pk: Decimal("100.00"),
    }
    assert list(Transfer.objects.order_by("pk").values()) == before
    recording.undo(PersonChange.objects.get(person=dying), **BY)
    assert told(dying) == []


def test_a_month_reversed_owes_nothing_until_it_is_closed_uncredited():
    clerk, finance, person = member("clerk"), member("finance_accountant"), insure(first="2023-01")
    run = credited(FEBRUARY, clerk)
    posted(runs.reverse(run, by=member("reviewer"), origin="page", reason="标准有误"))
    assert told(person) == []
    periods.close(FEBRUARY, by=finance, origin="page")
    assert told(person) == [("2023-02", "active", "0.00", "100.00", "")]


def test_what_the_rules_cannot_tell_is_held_with_its_reason():
    clerk, person = member("clerk"), insure(base="5000", first="2023-01")
    credited(FEBRUARY, clerk)
    person.enrolments.update(base=None)
    assert told(person) == [("2023-02", "active", "100.00", "None", "no_base")]
