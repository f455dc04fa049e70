"""Months in which something changes: known in time they are credited rightly at once, known late made up."""

from datetime import date
from decimal import Decimal

import pytest
from django.core.exceptions import ValidationError

from accounts.late_news import differences
from accounts.models import Account, RunLine, Transfer
from insured import endings, merging, spells
from insured.models import Enrolment
from office.models import County
from tests.accounts.test_adjustments import (
    BY,
    DECEMBER,
    FEBRUARY,
    JANUARY,
    NOVEMBER,
    adjusted,
    clean,
    credited,
    entries,
)
from tests.accounts.test_credit_run import balance
from tests.population import insure, member, posted

pytestmark = pytest.mark.django_db


@pytest.fixture
def clerk():
    return member("clerk")


def credits(person) -> list[tuple[str, str, str]]:
    """Of each month credited: from which account of the fund, and how much."""
    given = Transfer.objects.filter(kind="credit", credit__person=person).order_by("covers")
    return [(str(t.covers), t.debit.kind, str(t.amount)) for t in given.select_related("debit")]


def also(person, *, scheme: str, first, base: str | None = None) -> None:
    status = "resident" if scheme == "390" else "active"
    county = County.objects.get(code="441602")
    base = base and Decimal(base)
    Enrolment.objects.create(
        person=person, scheme=scheme, status=status, base=base, county=county, first_month=first
    )


def test_what_is_known_in_time_is_credited_rightly_at_once(clerk):
    retiring, dying, raised, moved = (insure(first="2023-01") for _each in range(4))
    hired = insure(scheme="390", status="resident", base=None, first="2023-01", last="2023-11")
    also(hired, scheme="310", first=DECEMBER, base="4000.10")
    credited(clerk, NOVEMBER)
    spells.retire(retiring, completed=DECEMBER, group="enterprise", **BY)
    endings.end(dying, kind="died", day=date(2023, 12, 1), **BY)
    spells.change(raised, month=DECEMBER, base=Decimal("6000.25"), **BY)
    spells.change(moved, month=DECEMBER, county=County.objects.get(code="441621"), **BY)
    credited(clerk, DECEMBER, JANUARY)
    own, from_pool = "contribution", "pool"
    assert credits(retiring) == [
        ("2023-11", own, "100.00"),
        ("2023-12", own, "100.00"),
        ("2024-01", from_pool, "102.79"),
    ]
    assert credits(dying) == [("2023-11", own, "100.00"), ("2023-12", own, "100.00")]
    assert [amount for _month, _source, amount in credits(raised)] == ["100.00", "120.01", "120.01"]
    assert [amount for _month, _source, amount in credits(moved)] == ["100.00"] * 3
    lines = RunLine.objects.filter(credit__person=moved).order_by("covers")
    codes = [County.objects.get(pk=county).code for county in lines.values_list("county_id", flat=True)]
    assert codes == ["441602", "441621", "441621"]
    assert credits(hired) == [("2023-12", own, "80.00"), ("2024-01", own, "80.00")]
    assert differences(scheme="310") == []
    assert clean()


def test_who_was_of_the_other_scheme_after_all_gives_back_and_gets_by_month(clerk):
    """Two schemes: credits are the employees' scheme's alone, whichever way the news goes."""
    leaves, comes = (
        insure(first="2023-01"),
        insure(scheme="390", status="resident", base=None, first="2023-01"),
    )
    credited(clerk, NOVEMBER, DECEMBER, JANUARY)
    leaves.enrolments.update(last_month=NOVEMBER)
    also(leaves, scheme="390", first=DECEMBER)
    comes.enrolments.update(last_month=NOVEMBER)
    also(comes, scheme="310", first=DECEMBER, base="3000")
    posted(adjusted(clerk))
    assert entries(leaves) == [("2023-12", "contribution", "-100.00"), ("2024-01", "contribution", "-100.00")]
    assert entries(comes) == [("2023-12", "contribution", "60.00"), ("2024-01", "contribution", "60.00")]
    assert (balance(leaves), balance(comes)) == (Decimal("100.00"), Decimal("120.00"))
    assert (differences(scheme="310"), differences(scheme="390")) == ([], [])
    assert not Account.objects.filter(scheme="390").exists()
    assert clean()


def test_two_records_of_one_person_become_one_account_within_the_year(clerk):
    """The account moves with the record; credits and late news go on as of one from the start."""
    before, after = insure(first="2023-01", last="2023-11"), insure(first="2023-12", base="6000")
    credited(clerk, NOVEMBER)
    merging.merge(kept=after, dropped=before, **BY)
    credited(clerk, DECEMBER, JANUARY)
    assert [amount for _month, _source, amount in credits(after)] == ["100.00", "120.00", "120.00"]
    spells.change(after, month=NOVEMBER, last=NOVEMBER, base=Decimal("5500"), **BY)
    posted(adjusted(clerk))
    assert entries(after) == [("2023-11", "contribution", "10.00")]
    assert balance(after) == Decimal("350.00")
    assert Account.objects.get(kind="person").person == after
    other = insure(first="2023-01", last="2023-01")
    late = insure(first="2023-02")
    credited(clerk, FEBRUARY)
    other.enrolments.update(last_month=FEBRUARY)
    late.enrolments.update(first_month=FEBRUARY + 1)
    posted(adjusted(clerk, FEBRUARY + 1))
    with pytest.raises(ValidationError, match=r"账户|account"):  # both have one
        merging.merge(kept=late, dropped=other, **BY)
    assert clean()
