"""Prepayments and year ends under other cities' rules: whose heads count, how the surplus is shared."""

from datetime import date
from decimal import Decimal

import pytest

from insured.models import Selection
from office.refusal import RunRefused
from policies.month import Month
from settlement.models import FacilityUsage
from tests.accounts.test_credit_run import posted, prepared
from tests.cities import rules_of
from tests.population import agree, contract, insure, member, select


@pytest.fixture
def clerk(db):
    return member("clerk")


def residents(facility, count: int, *, first: str, last: str | None = None):
    for _number in range(count):
        person = insure(status="resident", base=None, scheme="390")
        select(person, facility, first=first, last=last)


def prepaid(clerk, month: Month) -> dict[int, tuple[int, str]]:
    run = prepared(clerk, kind="prepayment", period=month, scheme="390")
    return {line.facility_id: (line.heads, str(line.amount)) for line in run.prepayments.all()}


def test_a_month_is_prepaid_for_the_heads_of_the_month_before(clerk):
    rules_of("shaoguan")
    facility = contract()
    residents(facility, 3, first="2024-01")
    residents(facility, 2, first="2024-02")
    residents(facility, 1, first="2024-03")
    # 60 / 12 * 80 % = 4.00 a head
    assert prepaid(clerk, Month(2024, 1)) == {facility.pk: (3, "12.00")}
    assert prepaid(clerk, Month(2024, 2)) == {facility.pk: (3, "12.00")}
    assert prepaid(clerk, Month(2024, 3)) == {facility.pk: (5, "20.00")}
    assert prepaid(clerk, Month(2024, 4)) == {facility.pk: (6, "24.00")}


def test_a_january_counts_its_own_heads(clerk):
    rules_of("shaoguan")
    facility = contract()
    residents(facility, 5, first="2023-06")
    residents(facility, 2, first="2024-01")
    assert prepaid(clerk, Month(2023, 12)) == {facility.pk: (5, "20.00")}
    assert prepaid(clerk, Month(2024, 1)) == {facility.pk: (2, "8.00")}


def test_a_month_without_agreement_has_none_and_its_return_counts_itself(clerk):
    rules_of("shaoguan")
    facility = contract(years=[])
    for first, last in ((date(2024, 1, 1), date(2024, 3, 31)), (date(2024, 6, 1), date(2024, 12, 31))):
        agree(facility, first=first, last=last)
    residents(facility, 3, first="2024-01")
    residents(facility, 4, first="2024-06")
    assert prepaid(clerk, Month(2024, 3)) == {facility.pk: (3, "12.00")}
    assert prepaid(clerk, Month(2024, 4)) == {}
    assert prepaid(clerk, Month(2024, 5)) == {}
    assert prepaid(clerk, Month(2024, 6)) == {facility.pk: (7, "28.00")}
    assert prepaid(clerk, Month(2024, 7)) == {facility.pk: (7, "28.00")}


def test_people_of_a_station_count_at_its_parent_unless_they_chose_a_facility(clerk):
    rules_of("shaoguan")
    parent, other = contract(), contract()
    station = contract(kind="village_station", parent=parent, years=[])
    residents(station, 2, first="2024-01")
    with_both = insure(status="resident", base=None, scheme="390")
    select(with_both, other, first="2024-01")
    Selection.objects.create(
        person=with_both,
        facility=station,
        first_month=Month(2024, 1),
        last_month=Month(2024, 12),
        kind="first",
        slot="station",
    )
    assert prepaid(clerk, Month(2024, 1)) == {parent.pk: (2, "8.00"), other.pk: (1, "4.00")}


@pytest.mark.parametrize(
    ("actual", "payable", "share"),
    [("144.00", "180.00", "36.00"), ("143.99", "143.99", "0.00"), ("200.00", "180.00", "0.00")],
)
def test_from_the_threshold_on_the_whole_quota_is_paid(clerk, actual, payable, share):
    """3 heads, 60 a year, quota 180; nothing was cleared, so January's prepayment is still an advance."""
    rules_of("shaoguan")
    facility = contract()
    residents(facility, 3, first="2024-01")
    posted(prepared(clerk, kind="prepayment", period=Month(2024, 1), scheme="390"))
    FacilityUsage.objects.create(facility=facility, scheme="390", year=2024, actual=actual)
    run = posted(prepared(clerk, kind="year_end", period=Month(2024, 1), scheme="390"))
    [line] = run.year_ends.all()
    assert (line.person_months, str(line.quota)) == (36, "180.00")
    assert (str(line.payable), str(line.facility_share)) == (payable, share)
    assert line.due == Decimal(payable) - Decimal("12.00")
    assert [(e.code, e.detail, e.article) for e in run.exceptions.all()] == [
        ("month_not_cleared", "2024-01", "9(2)")
    ]


@pytest.mark.parametrize("city", ["honghe", "shijiazhuang", "nanchang"])
@pytest.mark.parametrize("kind", ["prepayment", "year_end"])
def test_a_scheme_paid_by_item_has_no_capitation(clerk, city, kind):
    rules_of(city)
    with pytest.raises(RunRefused):
        prepared(clerk, kind=kind, period=Month(2024, 1))
