"""What an account comes to on the day it is paid out: balance, interest to the day, what was credited too long."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from accounts.late_news import differences
from accounts.models import Account, Transfer, TransferKind
from policies.month import Month

NOTHING = Decimal("0.00")


@dataclass(frozen=True, kw_only=True)
class Figures:
    """Yuan. `too_much` names the months credited beyond what the rules give now; they are deducted first."""

    balance: Decimal
    interest: Decimal
    too_much: dict[Month, Decimal]

    @property
    def deducted(self) -> Decimal:
        return sum(self.too_much.values(), NOTHING)

    @property
    def paid(self) -> Decimal:
        return max(self.balance + self.interest - self.deducted, NOTHING)

    @property
    def receivable(self) -> Decimal:
        """What the account no longer holds of the credits taken back."""
        return max(self.deducted - self.balance - self.interest, NOTHING)


def figures_of(account: Account, *, balance: Decimal, closes: bool, day: date) -> Figures:
    """The figures of a day; the account is held, or they are a preview.

    An account that stays open has its interest at the end of the year, like all others.
    """
    return Figures(
        balance=balance,
        interest=NOTHING,
        too_much=credited_too_much(account),
    )


def credited_too_much(account: Account) -> dict[Month, Decimal]:
    """The months in which more was credited than the rules give by what is known now."""
    found = differences(scheme=account.scheme, people=[account.person])
    return {
        each.month: -each.adjustment for each in found if each.adjustment is not None and each.adjustment < 0
    }


def credited_from(account: Account, months: list[Month]) -> dict[Month, int]:
    """The number of the fund's account that each of the months was last credited from."""
    credits = Transfer.objects.filter(kind=TransferKind.CREDIT, credit=account, covers__in=months).order_by(
        "id"
    )
    return dict(credits.values_list("covers", "debit_id"))


def split(amount: Decimal, parts: list[int]) -> list[Decimal]:
    """The amount by parts, rounded down to 0.01 each as far as it goes; the shares sum to the whole."""
    whole, fen = sum(parts), int(amount * 100)
    ends = [fen * sum(parts[: place + 1]) // whole for place in range(len(parts))]
    return [Decimal(end - start) / 100 for start, end in zip([0, *ends], ends, strict=False)]
