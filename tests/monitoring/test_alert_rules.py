"""What each rule finds in a month, what comes near and is not found, and that nothing is found twice."""

from datetime import date

import pytest

from monitoring.models import Alert, IndicatorLimit, IndicatorValue, RuleSetting
from monitoring.watching import watch
from policies.month import Month
from settlement.models import Visit
from tests.monitoring.watched import batch, visited
from tests.population import contract, insure

pytestmark = pytest.mark.django_db
MARCH = Month(2023, 3)


@pytest.fixture
def here():
    RuleSetting.objects.filter(rule="indicator").update(applied=False)
    return contract()


def found(rule: str) -> list[set[str]]:
    """The bills behind each alert of a rule."""
    alerts = Alert.objects.filter(rule=rule).order_by("id")
    return [set(alert.visits.values_list("visit__bill", flat=True)) for alert in alerts]


def bills(*visits: Visit) -> set[str]:
    return {visit.bill for visit in visits}


def test_the_same_bill_twice_is_found_and_what_only_resembles_it_is_not(here):
    one, other = insure(), insure()
    twice = [visited(one, here, "2023-03-05 09:00"), visited(one, here, "2023-03-05 16:00")]
    visited(one, here, "2023-03-05 17:00", "100.01")  # another amount
    visited(one, here, "2023-03-06 09:00")  # another day
    visited(other, here, "2023-03-05 09:00")  # another person
    visited(one, contract(), "2023-03-05 12:00")  # another facility
    visited(one, here, "2023-03-05 12:00", batch_id=batch("claim").pk)  # a receipt of a claim
    back = visited(other, here, "2023-03-05 10:00")  # taken back
    refund = visited(other, here, "2023-03-05 10:30", "-100.00", reverses=back)
    Visit.objects.filter(pk=back.pk).update(reversed_by=refund)
    RuleSetting.objects.exclude(rule="duplicate_visit").update(applied=False)
    assert watch(MARCH) == 1
    assert found("duplicate_visit") == [bills(*twice)]

    assert watch(MARCH) == 0
    third = visited(one, here, "2023-03-05 18:00")
    assert watch(MARCH) == 0  # it joins the alert that is open
    assert found("duplicate_visit") == [bills(*twice, third)]
    assert Alert.objects.get().found == {"visits": 3, "total": "100.00"}


def test_several_bills_of_a_day_are_a_visit_split(here):
    one, other = insure(), insure()
    split = [visited(one, here, f"2023-03-05 {hour}:00", 1000 + hour) for hour in (10, 11, 12)]
    for hour in (10, 11):
        visited(other, here, f"2023-03-05 {hour}:00", 1000 + hour)
    visited(other, here, "2023-03-06 00:01", 1000)  # midnight in Shanghai, not in UTC, begins a day
    watch(MARCH)
    assert found("split_visit") == [bills(*split)]
    assert found("duplicate_visit") == []
    RuleSetting.objects.filter(rule="split_visit").update(figure=2)
    watch(MARCH)
    assert len(found("split_visit")) == 2


def test_nobody_is_at_two_facilities_within_minutes(here):
    there, chemist = contract(), contract(kind="pharmacy")
    one, other, third = insure(), insure(), insure()
    pair = [visited(one, here, "2023-03-05 09:00"), visited(one, there, "2023-03-05 09:19")]
    visited(other, here, "2023-03-05 09:00")
    visited(other, there, "2023-03-05 09:20")  # twenty minutes are possible
    visited(other, there, "2023-03-05 09:21", 900)  # the same facility
    visited(third, here, "2023-03-05 09:00")
    visited(third, chemist, "2023-03-05 09:02", category="pharmacy")  # fetches the medicine
    visited(third, here, "2023-03-06 00:00")
    visited(third, there, "2023-03-06 00:00")  # of these only the day is known
    watch(MARCH)
    assert found("impossible_timing") == [bills(*pair)]
    alert = Alert.objects.get(rule="impossible_timing")
    assert (alert.facility, alert.found) == (there, {"minutes": 19})


def test_the_dead_see_no_doctor(here):
    dead = insure(died_on=date(2023, 3, 5), last="2023-03")
    visited(dead, here, "2023-03-05 23:59")  # the day of the death
    after = visited(dead, here, "2023-03-06 00:00")
    watch(MARCH)
    assert found("after_death") == [bills(after)]


def test_more_visits_than_is_usual(here):
    RuleSetting.objects.filter(rule="unusual_frequency").update(figure=4)
    often, less = insure(), insure()
    many = [visited(often, here, f"2023-03-{day:02} 09:00") for day in range(1, 6)]
    for day in range(1, 5):
        visited(less, here, f"2023-03-{day:02} 09:00")
    visited(less, here, "2023-04-01 00:00")  # the next month
    watch(MARCH)
    assert found("unusual_frequency") == [bills(*many)]


def test_indicators_beyond_a_limit_in_force_raise_an_alert_once():
    hospital, clinic = contract(level="secondary"), contract()
    IndicatorLimit.objects.all().delete()
    person = insure()
    for facility in (hospital, clinic):
        visited(person, facility, "2023-02-05 00:00")
    visited(person, clinic, "2023-03-05 09:00", "150.01")
    visited(person, hospital, "2023-03-05 12:00", "150.01")
    limit = {"indicator": "cost_per_visit", "first_month": MARCH}
    IndicatorLimit.objects.create(**limit, against="month", figure=50)
    IndicatorLimit.objects.create(**limit, against="month", level="secondary", figure=51)  # goes before
    IndicatorLimit.objects.create(**limit, against="year", figure=0)  # nothing to compare with
    IndicatorLimit.objects.create(**limit, against="figure", figure=150)
    IndicatorLimit.objects.create(indicator="outside_share", against="figure", figure=0, first_month=MARCH)
    assert watch(Month(2023, 2)) == 0  # none is in force
    assert watch(MARCH) == 3
    assert watch(MARCH) == 0
    raised = Alert.objects.order_by("id").values_list("facility", "limit__against", "found__indicator")
    assert set(raised) == {
        (clinic.pk, "month", "cost_per_visit"),
        (clinic.pk, "figure", "cost_per_visit"),
        (hospital.pk, "figure", "cost_per_visit"),
    }
    assert IndicatorValue.objects.filter(month=MARCH, facility=clinic).count() == 7
