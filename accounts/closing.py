"""What an account comes to on the day it is paid out: balance, interest to the day, late news settled."""

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from accounts.interest import interest_due
from accounts.late_news import asked
from accounts.models import Account
from office.statements import fetch
from policies.month import Month
from policies.values import MissingParameter

NOTHING = Decimal("0.00")


@dataclass(frozen=True, kw_only=True)
class Settled:
    """One month's late news: yuan credited too much, below zero what is still due, and the fund's account."""

    month: Month
    source: str
    too_much: Decimal


@dataclass(frozen=True, kw_only=True)
class Figures:
    """Yuan. What was credited beyond what the rules give now is deducted before anything is paid."""

    balance: Decimal
    interest: Decimal
    late_news: tuple[Settled, ...]

    @property
    def deducted(self) -> Decimal:
        return sum((each.too_much for each in self.late_news), NOTHING)

    @property
    def paid(self) -> Decimal:
        return max(self.balance + self.interest - self.deducted, NOTHING)

    @property
    def receivable(self) -> Decimal:
        """What the account no longer holds of the credits taken back."""
        return max(self.deducted - self.balance - self.interest, NOTHING)


def figures_of(account: Account, *, balance: Decimal, closes: bool, day: date) -> Figures:
    """The figures of a day; the account is held, or they are a preview.

    An account that stays open has its interest at the end of the year, like all others. Raises
    ValidationError when a rate of interest has not been entered.
    """
    try:
        interest = interest_due(account, through=day - timedelta(days=1)) if closes else NOTHING
    except MissingParameter as missing:
        raise ValidationError(
            _("No interest can be worked out: the parameter “%(name)s” (article %(article)s) has no value.")
            % {"name": missing.name, "article": missing.article}
        ) from None
    return Figures(balance=balance, interest=interest, late_news=tuple(late_news_of(account)))


def late_news_of(account: Account) -> list[Settled]:
    """The months of the person whose credit is not what the rules give by what is known now."""
    rows = fetch("accounts/late_news", **asked(account.scheme, people=[account.person_id]))
    return [
        Settled(month=Month.of(row[1]), source=row[2], too_much=row[7] - row[8])
        for row in rows
        if row[8] is not None
    ]


def split(amount: Decimal, parts: list[int]) -> list[Decimal]:
    """The amount by parts, rounded down to 0.01 each as far as it goes; the shares sum to the whole."""
    whole, fen = sum(parts), int(amount * 100)
    ends = [fen * sum(parts[: place + 1]) // whole for place in range(len(parts))]
    return [Decimal(end - start) / 100 for start, end in zip([0, *ends], ends, strict=False)]
