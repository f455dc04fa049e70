"""What accounts come to whatever happens, in plain Python: written from the rules, not from the code.

All money is in 分. Months are counted from START; December 2023 is the last of them, and the first whose
books are closed.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, timedelta

from policies.month import Month

START = Month(2023, 7)
HORIZON = 6
DECEMBER = HORIZON - 1
RETIRED = 102_79
# Percent a year in units of 0.01 %, from a day on.
RATES = [(date(2023, 1, 1), 360), (date(2024, 7, 1), 110)]
NEW_YEAR = date(2024, 1, 1)


def rate_of_days(first: date, last: date) -> int:
    """The rates of all days together, first and last with them."""
    ends = [start - timedelta(days=1) for start, _rate in RATES[1:]] + [date.max]
    return sum(
        rate * max((min(last, end) - max(first, start)).days + 1, 0)
        for (start, rate), end in zip(RATES, ends, strict=True)
    )


def in_parts(amount: int, parts: list[int]) -> list[int]:
    """The amount by parts, each sum of the first ones rounded down."""
    ends = [amount * sum(parts[: place + 1]) // sum(parts) for place in range(len(parts))]
    return [end - start for start, end in zip([0, *ends], ends, strict=False)]


@dataclass
class Holder:
    """One person: base, "retired" or nothing by month; what was given for each, by the fund's account."""

    terms: dict[int, int | str | None]
    given: dict[int, dict[str, int]] = field(default_factory=dict)
    balance: int = 0
    owes: int = 0  # receivable from the person
    owed: int = 0  # waits to be paid by the bank
    moved: list[tuple[date, int]] = field(default_factory=list)
    paid_to: date = date.min  # interest of the days before it was paid at a closing
    gone: str = ""  # "died", or "ended" for another reason
    closed: bool = False

    def due(self, month: int) -> dict[str, int]:
        match self.terms.get(month):
            case None:
                return {}
            case "retired":
                return {"pool": RETIRED}
            case base:
                return {"contribution": (base * 2 + 50) // 100}

    def differences(self, settled: Iterable[int]) -> dict[int, dict[str, int]]:
        """What is still due of each month, below zero what was given too much; only where there is any."""
        found = {}
        for month in {*settled, *self.given}:
            due, given = self.due(month) if month in settled else {}, self.given.get(month, {})
            of_month = {source: due.get(source, 0) - given.get(source, 0) for source in {*due, *given}}
            if any(of_month.values()):
                found[month] = {source: amount for source, amount in of_month.items() if amount}
        return found

    def give(self, month: int, amounts: dict[str, int], sign: int = 1) -> None:
        given = self.given.setdefault(month, {})
        for source, amount in amounts.items():
            given[source] = given.get(source, 0) + sign * amount

    def move(self, amount: int, day: date) -> None:
        self.balance += amount
        self.moved.append((day, amount))
        assert self.balance >= 0

    def take(self, amount: int, day: date) -> None:
        """Credit an amount, or take it back as far as it is there; the rest is owed."""
        self.owes += max(-amount - self.balance, 0)
        self.move(max(amount, -self.balance), day)

    def interest(self, first: date, last: date) -> int:
        """Balance × days × rate of all days, a year of 360 of them, rounded half up once; nobody pays any."""
        products = sum(
            amount * rate_of_days(max(day, first), last) for day, amount in self.moved if day <= last
        )
        return (2 * max(products, 0) + 360 * 100_00) // (2 * 360 * 100_00)


@dataclass
class Closing:
    """What was done when an account was closed, to be done backwards."""

    holder: Holder
    balance: int
    settled: dict[int, dict[str, int]]
    receivable: int
    interest: int
    first_unpaid: date  # from which the interest was paid
    paid_to: date  # before the closing
    shares: list[tuple[Holder, int]]  # to heirs' own accounts
    by_bank: int

    @property
    def may_be_undone(self) -> bool:
        return (
            self.holder.owes >= self.receivable
            and self.holder.owed >= self.by_bank
            and all(not heir.closed and heir.balance >= share for heir, share in self.shares if share)
        )


def close(
    holder: Holder, *, settled: set[int], first_unpaid: date, today: date, heirs: list[Holder], bank: bool
) -> Closing:
    """Interest to the day before, late news settled, and all of it paid: to heirs by 1, 2, … parts, to a
    bank, or to another area."""
    news = holder.differences(settled)
    balance, paid_to = holder.balance, holder.paid_to
    first_unpaid = max(first_unpaid, paid_to)
    interest = holder.interest(first_unpaid, today - timedelta(days=1))
    holder.paid_to = today if interest else paid_to
    left = balance + interest
    left += sum(sum(amounts.values()) for amounts in news.values())
    for month, amounts in news.items():
        holder.give(month, amounts)
    holder.move(-balance, today)
    holder.closed = True
    paid, receivable = max(left, 0), max(-left, 0)
    parts = in_parts(paid, list(range(1, len(heirs) + 1))) if heirs else []
    shares = list(zip(heirs, parts, strict=True))
    for heir, share in shares:
        heir.move(share, today)
    holder.owes += receivable
    holder.owed += paid if bank else 0
    return Closing(
        holder, balance, news, receivable, interest, first_unpaid, paid_to, shares, paid if bank else 0
    )


def undo(closing: Closing, today: date, *, paid_year: bool) -> None:
    """Everything back; but the interest of a year that by now was paid to all others is not taken back."""
    holder = closing.holder
    stays = paid_year and closing.first_unpaid < NEW_YEAR
    if not stays:
        holder.paid_to = closing.paid_to
    for heir, share in closing.shares:
        heir.move(-share, today)
    for month, amounts in closing.settled.items():
        holder.give(month, amounts, -1)
    holder.owes -= closing.receivable
    holder.owed -= closing.by_bank
    holder.closed = False
    holder.move(closing.balance + (closing.interest if stays else 0), today)
