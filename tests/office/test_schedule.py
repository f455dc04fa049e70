"""When runs fall due, in working days, and that the schedule prepares each only once."""

from datetime import date

import pytest
from django_celery_beat.models import PeriodicTask

from office.models import Origin, Run, WorkingDay
from office.schedule import due_period, first_working_day, is_working_day, load_schedule, prepare_due
from policies.month import Month

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("kind", "today", "period"),
    [
        ("credit", date(2023, 2, 28), Month(2023, 2)),
        ("credit", date(2024, 2, 28), None),
        ("credit", date(2024, 2, 29), Month(2024, 2)),
        ("prepayment", date(2023, 5, 3), None),  # 1 to 3 May 2023 are holidays
        ("prepayment", date(2023, 5, 4), Month(2023, 5)),
        ("prepayment", date(2023, 5, 9), Month(2023, 5)),  # the portal was down on the 4th
        ("year_end", date(2023, 1, 2), None),  # the New Year holiday lasted to 2 January
        ("year_end", date(2023, 1, 3), Month(2022, 1)),
        ("year_end", date(2023, 2, 1), None),
        ("carry_over", date(2023, 12, 30), None),
        ("carry_over", date(2023, 12, 31), Month(2023, 1)),
    ],
)
def test_each_kind_falls_due_on_its_day(kind, today, period):
    assert due_period(kind=kind, today=today) == period


def test_years_not_announced_yet_have_weekdays_and_fixed_holidays():
    assert not is_working_day(date(2090, 10, 2))
    assert first_working_day(Month(2090, 10)) == date(2090, 10, 4)


def test_the_agencys_own_exceptions_come_first():
    WorkingDay.objects.create(day=date(2023, 5, 4), working=False, note="typhoon")
    assert first_working_day(Month(2023, 5)) == date(2023, 5, 5)


def test_the_schedule_prepares_a_run_once_and_leaves_it_to_people():
    [run] = prepare_due(kind="credit", today=date(2023, 3, 31))
    assert (run.origin, run.prepared_by, run.state) == (Origin.SCHEDULE, None, "draft")
    assert prepare_due(kind="credit", today=date(2023, 3, 31)) == []
    Run.objects.update(state="cancelled")
    assert prepare_due(kind="credit", today=date(2023, 3, 31)) == []


def test_what_the_administrator_changed_in_the_schedule_stays():
    PeriodicTask.objects.filter(name="prepare credit").update(enabled=False)
    load_schedule()
    assert not PeriodicTask.objects.get(name="prepare credit").enabled
