"""When the recurring runs fall due, in the agency's working days.

Beat asks every morning of the days given in `SCHEDULE` (editable in the admin); whether a run is due that
day is decided here, because "the last day of the month" and "the first working day" are no crontab.
"""

import json
from datetime import date, timedelta
from zoneinfo import ZoneInfo

import chinese_calendar
from django.conf import settings
from django_celery_beat.models import CrontabSchedule, IntervalSchedule, PeriodicTask

from office.kinds import kinds_of
from office.models import DueDay, Origin, Run, RunKindName, WorkingDay, WorkStep
from office.periods import closed_through
from office.policy import schemes_here
from office.refusal import RunRefused
from office.runs import prepare
from policies.month import Month

# New Year, Labour Day and National Day, the days that fall on the same date every year.
FIXED_HOLIDAYS = {(1, 1), (5, 1), (5, 2), (10, 1), (10, 2), (10, 3)}

# Late news is settled in the middle of the month, between two months' credits.
ADJUSTED_ON = 15

# kind: crontab fields, and what they mean to people
SCHEDULE = {
    RunKindName.CREDIT: {"minute": "0", "hour": "6", "day_of_month": "28-31"},
    RunKindName.ADJUSTMENT: {"minute": "0", "hour": "6", "day_of_month": "15-31"},
    RunKindName.PREPAYMENT: {"minute": "10", "hour": "6", "day_of_month": "1-15"},
    RunKindName.YEAR_END: {"minute": "20", "hour": "6", "day_of_month": "2-31", "month_of_year": "1"},
    RunKindName.INTEREST: {"minute": "30", "hour": "6", "day_of_month": "1-31", "month_of_year": "1-3"},
    RunKindName.CARRY_OVER: {"minute": "0", "hour": "22", "day_of_month": "31", "month_of_year": "12"},
}

# By which day of the month each step is to be done, until the administrator says otherwise: heads,
# prepayments and the facilities' files by the 5th (Shaoguan 10), the month's review by the 20th, payment at
# its end. Steps of the year are due in the month of YEARLY.
DUE_BY = {
    WorkStep.HEADCOUNT: 5,
    WorkStep.PREPAYMENT: 5,
    WorkStep.VISITS: 5,
    WorkStep.RECONCILIATION: 10,
    WorkStep.STATEMENTS: 20,
    WorkStep.ADJUSTMENT: 20,
    WorkStep.CLEARING: 20,
    WorkStep.ORDERS: 25,
    WorkStep.CLOSE: 25,
    WorkStep.BANK: 31,
    WorkStep.CREDIT: 31,
    WorkStep.YEAR_END: 31,
    WorkStep.INTEREST: 31,
    WorkStep.CARRY_OVER: 31,
}
YEARLY = {WorkStep.YEAR_END: 3, WorkStep.INTEREST: 3, WorkStep.CARRY_OVER: 12}

# Name in the schedule: the task, wherever it is written.
EVERY_MINUTE = {
    "sweep": "office.tasks.sweep",
    "sweep visits": "settlement.tasks.sweep_visits",
    "sweep bank files": "settlement.tasks.sweep_bank_files",
    "sweep benefit trials": "monitoring.tasks.sweep_benefit_trials",
    "heartbeat": "operations.tasks.heartbeat",
}
EVERY_DAY = {
    "prove books": ("accounts.tasks.prove_books", {"minute": "30", "hour": "3"}),
    "backup": ("operations.tasks.take_backup", {"minute": "30", "hour": "2"}),
    "compare reports": ("settlement.tasks.compare_late", {"minute": "30", "hour": "4"}),
    "watch months": ("monitoring.tasks.watch_recent", {"minute": "0", "hour": "5"}),
    "sum fund": ("monitoring.tasks.sum_fund", {"minute": "30", "hour": "5"}),
    "show placements": ("facilities.tasks.show_placements", {"minute": "5", "hour": "0"}),
}


def prepare_due(*, kind: str, today: date) -> list[Run]:
    """Open the runs of a kind due today, for schemes that ask for it; one that is there stays alone."""
    period = due_period(kind=kind, today=today)
    if period is None:
        return []
    opened = []
    for scheme in schemes_here():
        if kind not in kinds_of(scheme=scheme):
            continue
        if Run.objects.filter(kind=kind, scheme=scheme, period=period).exists():
            continue
        try:
            opened.append(prepare(kind=kind, scheme=scheme, period=period, by=None, origin=Origin.SCHEDULE))
        except RunRefused:
            continue  # a clerk opened it in this very moment
    return opened


def due_period(*, kind: str, today: date) -> Month | None:
    """The month (for yearly kinds: January of the year) whose run is due today, or None."""
    month = Month.of(today)
    if kind == RunKindName.CREDIT:
        return month if today == month.last_day else None
    if kind == RunKindName.ADJUSTMENT:
        return month if today.day >= ADJUSTED_ON else None
    if kind == RunKindName.PREPAYMENT:
        return month if first_working_day(month) <= today else None
    if kind == RunKindName.YEAR_END:
        return Month(today.year - 1, 1) if today.month == 1 and first_working_day(month) <= today else None
    if kind == RunKindName.INTEREST:  # when the year's books are closed
        closed = closed_through()
        return (
            Month(today.year - 1, 1) if closed is not None and closed >= Month(today.year - 1, 12) else None
        )
    return Month(today.year, 1) if (today.month, today.day) == (12, 31) else None


def first_working_day(month: Month) -> date:
    day = month.first_day
    while not is_working_day(day):
        day += timedelta(days=1)
    return day


def is_working_day(day: date) -> bool:
    """The agency's own exceptions first, then the public calendar.

    For years not announced yet: weekdays but for the holidays whose dates never move.
    """
    exception = WorkingDay.objects.filter(day=day).first()
    if exception is not None:
        return exception.working
    try:
        return chinese_calendar.is_workday(day)
    except NotImplementedError:  # how the calendar says that a year is not announced
        return day.weekday() < 5 and (day.month, day.day) not in FIXED_HOLIDAYS


def load_schedule() -> None:
    """Enter the recurring tasks that are not there yet; what the administrator changed stays."""
    zone = ZoneInfo(settings.TIME_ZONE)
    for kind, fields in SCHEDULE.items():
        crontab, _created = CrontabSchedule.objects.get_or_create(**fields, timezone=zone)
        PeriodicTask.objects.get_or_create(
            name=f"prepare {kind}",
            defaults={"task": "office.tasks.prepare_due", "crontab": crontab, "args": json.dumps([kind])},
        )
    nightly, _created = CrontabSchedule.objects.get_or_create(minute="20", hour="0", timezone=zone)
    PeriodicTask.objects.get_or_create(
        name="seal history", defaults={"task": "office.tasks.seal_history", "crontab": nightly}
    )
    minutely, _created = IntervalSchedule.objects.get_or_create(every=1, period=IntervalSchedule.MINUTES)
    for name, task in EVERY_MINUTE.items():
        PeriodicTask.objects.get_or_create(
            name=name,
            # One that nobody took within its minute is overtaken by the next.
            defaults={"task": task, "interval": minutely, "expire_seconds": 60},
        )
    for name, (task, fields) in EVERY_DAY.items():
        crontab, _created = CrontabSchedule.objects.get_or_create(**fields, timezone=zone)
        PeriodicTask.objects.get_or_create(name=name, defaults={"task": task, "crontab": crontab})


def load_due_days() -> None:
    """Enter the days that are not there yet; what the administrator changed stays."""
    DueDay.objects.bulk_create(
        [DueDay(step=step, day=day) for step, day in DUE_BY.items()],
        ignore_conflicts=True,
    )


def due_dates(month: Month) -> dict[str, date]:
    """By when each step of a month's work is to be done."""
    due = {}
    for step, day in (DUE_BY | dict(DueDay.objects.values_list("step", "day"))).items():
        last = Month(month.year, YEARLY.get(step, month.number)).last_day
        due[step] = last.replace(day=min(day, last.day))
    return due


def next_dates(today: date) -> list[tuple[RunKindName, date]]:
    """When each recurring run falls due next, soonest first; kinds switched off are left out."""
    switched_on = set(
        PeriodicTask.objects.filter(task="office.tasks.prepare_due", enabled=True).values_list(
            "args", flat=True
        )
    )
    month = Month.of(today)
    prepayment = first_working_day(month)
    year_end = first_working_day(Month(today.year, 1))
    adjusted = month if today.day <= ADJUSTED_ON else month + 1
    due = {
        RunKindName.CREDIT: month.last_day,
        RunKindName.ADJUSTMENT: adjusted.first_day.replace(day=ADJUSTED_ON),
        RunKindName.PREPAYMENT: prepayment if today <= prepayment else first_working_day(month + 1),
        RunKindName.YEAR_END: year_end if today <= year_end else first_working_day(Month(today.year + 1, 1)),
        RunKindName.INTEREST: date(today.year + 1, 1, 1),
        RunKindName.CARRY_OVER: date(today.year, 12, 31),
    }
    dates = [(kind, day) for kind, day in due.items() if json.dumps([kind]) in switched_on]
    return sorted(dates, key=lambda due: due[1])
