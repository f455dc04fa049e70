"""Indicators equal what plain arithmetic makes of the same visits."""

import random
from collections import defaultdict
from decimal import ROUND_HALF_UP, Decimal
from statistics import median

import pytest

from monitoring.models import Indicator, IndicatorValue
from monitoring.watching import watch
from policies.month import Month
from tests.monitoring.watched import visited
from tests.population import contract, insure, select

pytestmark = pytest.mark.django_db
MARCH = Month(2023, 3)


def rounded(value) -> Decimal | None:
    return None if value is None else Decimal(value).quantize(Decimal("0.0001"), rounding=ROUND_HALF_UP)


def share(part, whole) -> Decimal | None:
    return Decimal(part) / Decimal(whole) if whole else None


def plain(visits: list, signed: set[int]) -> dict[str, Decimal | None]:
    total = sum(visit.total for visit in visits)
    settled = [visit for visit in visits if hasattr(visit, "outcome")]
    own = sum(visit.outcome.total - visit.outcome.fund for visit in settled)
    people = {visit.person_id for visit in visits}
    return {
        "cost_per_visit": share(total, len(visits)),
        "visits_per_person": share(len(visits), len(people)),
        "own_share": share(own, sum(visit.total for visit in settled)),
        "examination_share": share(sum(visit.examination_fee for visit in visits), total) or None,
        "outside_share": share(sum(visit.full_self_paid for visit in visits), total),
        "visit_rate": share(len(people & signed), len(signed)),
        "referral_rate": share(sum(visit.referred for visit in visits), len(visits)),
    }


def test_indicators_are_those_of_plain_arithmetic_and_compared_with_other_months():
    draw = random.Random(8)
    facilities = [contract(level=level) for level in ("primary", "primary", "primary", "primary", "tertiary")]
    people = [insure() for _each in range(8)]
    signed = defaultdict(set)
    for person in people:
        facility = draw.choice(facilities[:3])
        select(person, facility, first="2023-01")
        signed[facility.pk].add(person.pk)
    of = defaultdict(list)
    for number in range(60):
        facility, outside = draw.choice(facilities), draw.choice((0, 0, 7))
        total = draw.randrange(1000, 50_000) / Decimal(100)
        visit = visited(
            draw.choice(people), facility, f"2023-03-{1 + number % 31:02} 10:{number % 60:02}", total,
            full_self_paid=outside, examination_fee=draw.choice((0, 5)) * (facility != facilities[0]),
            referred=draw.random() < 0.3,
            fund=None if facility == facilities[1] else draw.choice((None, round(total / 3, 2))),
        )  # fmt: skip
        of[facility.pk].append(visit)
    watch(MARCH)

    wanted = {facility.pk: plain(of[facility.pk], signed[facility.pk]) for facility in facilities}
    assert wanted[facilities[0].pk]["examination_share"] is wanted[facilities[1].pk]["own_share"] is None
    stored = list(IndicatorValue.objects.compared())
    assert {(one.facility_id, one.indicator): one.value for one in stored} == {
        (facility, indicator): rounded(value)
        for facility, values in wanted.items()
        for indicator, value in values.items()
    }
    primary = [wanted[facility.pk] for facility in facilities[:4]]
    for one in stored:
        known = [values[one.indicator] for values in primary if values[one.indicator] is not None]
        if one.facility_id == facilities[0].pk:
            assert abs(one.median - median(known)) <= Decimal("0.0001"), one.indicator
    assert {one.before for one in stored} == {one.year_before for one in stored} == {None}
    assert {one.indicator for one in stored} == set(Indicator.values)

    later = visited(people[0], facilities[0], "2023-04-01 00:00", "1.00")
    watch(MARCH + 1)
    cost = IndicatorValue.objects.compared().get(month=MARCH + 1, indicator="cost_per_visit")
    assert (cost.facility_id, cost.value) == (later.facility_id, 1)
    assert cost.before == rounded(wanted[later.facility_id]["cost_per_visit"])
