"""Interest paid, worked out a second time: day by day, by `policies.interest`, from transfers alone.

The runs compute a year by one statement. Accounts that had the same year are looked at once.
"""

from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal

from accounts.rules_then import known_then
from office.models import Run, RunKindName, RunState
from office.policy import pack_of
from office.statements import fetch
from policies.interest import (
    DayRate,
    Movement,
    NoInterestRate,
    Stretch,
    bears_interest,
    day_rates,
    interest_of,
    stretches,
    taken_first,
)
from policies.month import Month
from policies.pack import Pack


def first_wrong_interest() -> str:
    """The first account a year's run, or its closing, paid other interest than the days give; or empty."""
    runs = Run.objects.filter(kind=RunKindName.INTEREST, state__in=[RunState.POSTED, RunState.REVERSED])
    for run in runs.select_related("policy").order_by("pk"):
        if wrong := _first_wrong_of(run):
            return wrong
    return _first_wrong_closing()


def _first_wrong_of(run: Run) -> str:
    pack, year = pack_of(run.policy), run.period.year
    new_year, last = date(year, 1, 1), date(year, 12, 31)
    rates, first_taken = day_rates(pack, first=new_year, last=last), taken_first(pack, last)
    wrong = []
    for days, amounts, spents, since, paid, account, line in fetch(
        "accounts/interest_computed",
        run=run.pk,
        scheme=run.scheme,
        new_year=new_year,
        december=date(year, 12, 1),
    ):
        counted = rates[(since - new_year).days :] if since else rates
        movements = _movements(days, amounts, spents)
        due = interest_of(_of_year(movements, counted, first_taken=first_taken) if counted else [])
        if due != paid:
            wrong.append((account, line, due, paid))
    if not wrong:
        return ""
    account, line, due, paid = min(wrong, key=lambda found: found[0])
    named = f"run {run.pk}, line {line}" if line else f"run {run.pk}"
    return f"{named}: account {account} was paid {paid} of interest, its days give {due}"


def _first_wrong_closing() -> str:
    for number, scheme, done_on, signed_at, paid, days, amounts, spents, last_year, closed in fetch(
        "accounts/closing_interest_computed"
    ):
        movements, last = _movements(days, amounts, spents), done_on - timedelta(days=1)
        pack = known_then(scheme=scheme, month=Month.of(last), at=signed_at)
        since = max(
            filter(None, [closed, last_year and date(last_year.year + 1, 1, 1)]), default=date(1, 1, 1)
        )
        due = _of_years(movements, since=since, last=last, pack=pack)
        if due != paid:
            return f"application {number}: it paid {paid} of interest, the days of its account give {due}"
    return ""


def _of_years(movements: Sequence[Movement], *, since: date, last: date, pack: Pack | None) -> Decimal:
    if not movements or pack is None or not bears_interest(pack):
        return Decimal(0)
    found: list[Stretch] = []
    for year in range(max(since, movements[0].day).year, last.year + 1):
        first, end = max(since, date(year, 1, 1)), min(last, date(year, 12, 31))
        try:
            rates = day_rates(pack, first=first, last=end) if first <= end else []
        except NoInterestRate:
            continue
        found += _of_year(movements, rates, first_taken=taken_first(pack, end)) if rates else []
    return interest_of(found)


def _of_year(movements: Sequence[Movement], rates: Sequence[DayRate], *, first_taken: str) -> list[Stretch]:
    new_year = date(rates[0].day.year, 1, 1)
    return stretches(
        opening=sum(movement.amount for movement in movements if movement.day < new_year),
        movements=[movement for movement in movements if movement.day >= new_year],
        rates=rates,
        first_taken=first_taken,
    )


def _movements(days: Sequence[date], amounts: Sequence[int], spents: Sequence[int]) -> list[Movement]:
    return [Movement(*of_day) for of_day in zip(days, amounts, spents, strict=True)]
