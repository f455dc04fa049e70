"""Interest of personal accounts: the product method 积数法 over daily balances, a year of 360 days.

What is on the account at the end of a day bears that day's interest. Money of the year and money carried
over from the year before may bear different rates. Everything is counted in whole numbers and rounded half up
once, at the end.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise

from policies.money import round_half_up, to_yuan
from policies.pack import Pack
from policies.values import Entry, NotInForce

RATE, RATE_CARRIED_OVER = "interest_rate", "interest_rate_carried_over"
TAKEN_FIRST = "spending_takes_first"
CARRIED_OVER, CURRENT = "carried_over", "current_year"

# Rates are counted in units of 0.0001 %, so that they are whole.
RATE_UNITS = 10_000
ONE_DAY = timedelta(days=1)
# 分 × days × rate units that make one 分 of interest: percent, and the banks' year of 360 days.
PRODUCT_OF_ONE_FEN = 360 * 100 * RATE_UNITS


class NoInterestRate(LookupError):
    """Nobody has stated a rate for any of the days; names the parameter and where the pack speaks of it."""

    def __init__(self, name: str, article: str) -> None:
        super().__init__(f"parameter {name} ({article}) has no value")
        self.name = name
        self.article = article


@dataclass(frozen=True, slots=True)
class DayRate:
    """What a day pays, in units of 0.0001 % a year: on money of the year and on what was carried over."""

    day: date
    current: int
    carried_over: int


@dataclass(frozen=True, slots=True)
class Movement:
    """What came to (above zero) or left an account on a day, in 分.

    `spent` is what was taken, less what was given back of it: money that is given back goes to where it came
    from.
    """

    day: date
    amount: int
    spent: int


@dataclass(frozen=True, slots=True)
class Stretch:
    """Days on which the same balance of one sort of money bore the same rate."""

    first: date
    last: date
    sort: str
    balance: int
    rate: int

    @property
    def days(self) -> int:
        return (self.last - self.first).days + 1

    @property
    def product(self) -> int:
        """Balance × days, in 分 and days: the bank's 积数."""
        return self.balance * self.days

    @property
    def interest(self) -> Fraction:
        """The part of the interest, in yuan, not rounded."""
        return Fraction(self.product * self.rate, PRODUCT_OF_ONE_FEN * 100)


def bears_interest(pack: Pack) -> bool:
    """Whether the rules speak of interest at all."""
    return RATE in pack.values


def day_rates(pack: Pack, *, first: date, last: date) -> list[DayRate]:
    """The rates of every day; a day for which the pack, or nobody yet, states one pays nothing.

    Raises MissingParameter when a required rate is absent on any day, NoInterestRate when none of the days
    has a rate.
    """
    days = [_day_rate(pack, first + timedelta(days=offset)) for offset in range((last - first).days + 1)]
    if not any(day.current or day.carried_over for day in days):
        entry = _entry_near(pack, last)
        raise NoInterestRate(RATE, entry.article)
    return days


def _day_rate(pack: Pack, day: date) -> DayRate:
    current = _rate(pack, RATE, day)
    carried_over = _rate(pack, RATE_CARRIED_OVER, day) if RATE_CARRIED_OVER in pack.values else None
    return DayRate(day, current or 0, (current or 0) if carried_over is None else carried_over)


def _rate(pack: Pack, name: str, day: date) -> int | None:
    try:
        figure = pack.value(name, day)
    except NotInForce:
        return None
    return None if figure is None else int(Decimal(figure) * RATE_UNITS)


def _entry_near(pack: Pack, day: date) -> Entry:
    entries = pack.values[RATE].entries
    return next((entry for entry in reversed(entries) if entry.start <= day), entries[0])


def taken_first(pack: Pack, day: date) -> str:
    """Which money what is taken comes from first, as the pack says for the day's year."""
    return pack.value(TAKEN_FIRST, max(day, pack.starts)) if TAKEN_FIRST in pack.values else CARRIED_OVER


def stretches(
    *, opening: int, movements: Sequence[Movement], rates: Sequence[DayRate], first_taken: str
) -> list[Stretch]:
    """One year's (or shorter) stretches of equal days; `rates` are the days that count, without gap.

    `opening` is what was there when the year began, in 分: the money carried over. Movements before the first
    day that counts only change balances; they are in order, at most one a day.
    """
    found: list[Stretch] = []
    latest: dict[str, int] = {}
    waiting = list(reversed(movements))
    balance, spent, lowest = opening, 0, opening
    for first, last in _unchanged(rates, movements):
        while waiting and waiting[-1].day <= first:
            movement = waiting.pop()
            balance, spent = balance + movement.amount, spent + movement.spent
            lowest = min(lowest, balance)
        carried = min(opening, lowest) if first_taken == CURRENT else min(opening, balance, opening - spent)
        carried = max(carried, 0)
        rate = rates[(first - rates[0].day).days]
        for sort, part, paid in (
            (CARRIED_OVER, carried, rate.carried_over),
            (CURRENT, balance - carried, rate.current),
        ):
            if part:
                _lengthen(found, latest, Stretch(first, last, sort, part, paid))
    return sorted(found, key=lambda stretch: (stretch.first, stretch.sort))


def _unchanged(rates: Sequence[DayRate], movements: Sequence[Movement]) -> Iterator[tuple[date, date]]:
    """From when to when neither a rate nor a balance changes; a year of days would be long for a million."""
    begin, end = rates[0].day, rates[-1].day
    starts = {begin}
    starts.update(
        after.day
        for before, after in pairwise(rates)
        if before.current != after.current or before.carried_over != after.carried_over
    )
    starts.update(movement.day for movement in movements if begin < movement.day <= end)
    for first, following in pairwise([*sorted(starts), end + ONE_DAY]):
        yield first, following - ONE_DAY


def _lengthen(found: list[Stretch], latest: dict[str, int], stretch: Stretch) -> None:
    """The latest stretch of the sort goes on, or a new one begins where anything has changed."""
    if stretch.sort in latest:
        last = found[latest[stretch.sort]]
        if (last.balance, last.rate, last.last + ONE_DAY) == (stretch.balance, stretch.rate, stretch.first):
            found[latest[stretch.sort]] = replace(last, last=stretch.last)
            return
    latest[stretch.sort] = len(found)
    found.append(stretch)


def interest_of(found: Sequence[Stretch]) -> Decimal:
    """The interest of all stretches in yuan, rounded half up once.

    Nobody pays any: where books of earlier months took back what later ones gave, days come out below zero.
    """
    products = sum(stretch.product * stretch.rate for stretch in found)
    return to_yuan(round_half_up(max(products, 0), PRODUCT_OF_ONE_FEN))
