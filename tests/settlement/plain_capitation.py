"""A facility's year under capitation, by the documents, in plain Python and whole 分."""

from decimal import Decimal
from fractions import Fraction


def half_up(amount: Fraction) -> int:
    """Whole 分, half up: independent of the portal's own rounding."""
    return int(amount + Fraction(1, 2))


def fen(amount) -> int:
    return int(Decimal(amount) * 100)


class SharedYear:
    """A facility's year in Heyuan (12): 320 a head and year, 80 % in advance, the surplus shared."""

    def __init__(self, heads: list[int], use: dict[int, int], *, deducted: int = 0):
        self.paid = {
            month: half_up(Fraction(32000, 12) * count * Fraction(80, 100))
            for month, count in enumerate(heads, start=1)
            if count
        }
        self.quota = half_up(Fraction(32000, 12) * sum(heads))
        self.actual = sum(use.values())
        surplus = max(self.quota - self.actual, 0)
        reached = self.quota and Fraction(self.actual, self.quota) >= Fraction(80, 100)
        share = half_up(surplus * Fraction(80 if reached else 20, 100))
        self.final = min(self.actual, self.quota) + share
        self.due = self.final - sum(self.paid.values()) - deducted
        self.received = sum(self.paid.values()) + max(self.due, 0)
        self.advance, self.kept = max(-self.due, 0), 0  # what the next prepayments take off

    def figures(self) -> tuple:
        return self.quota, self.actual, self.final, self.due


class ClearedYear:
    """A facility's year in Shaoguan (9(2)): 60 a head and year, 80 % in advance, cleared by month."""

    def __init__(
        self,
        heads: list[int],
        use: dict[int, int],
        *,
        gaps=(),
        late=(),
        score=None,
        goes_on=False,
        deducted=0,
    ):
        self.heads, self.use = heads, use
        self.paid, self.cleared, self.deposits, self.taken = {}, {}, {}, {}
        owed, entitled = 0, {}
        for month in range(1, 13):
            before = month - 1
            if month in gaps:
                counted = 0
            elif month == 1 or before in gaps:
                counted = self.heads[month - 1]
            else:
                counted = self.heads[before - 1]
            entitled[month] = half_up(Fraction(6000, 12) * counted * Fraction(80, 100))
            if not entitled[month]:
                continue
            self.taken[month] = min(entitled[month], owed)
            self.paid[month] = entitled[month] - self.taken[month]
            owed -= self.taken[month]
            for due in (before, month):  # what is late comes a month later
                if entitled.get(due) and due in self.use and due + (due in late) == month:
                    owed += self._clear(due, entitled[due])
        advance = sum(amount for month, amount in entitled.items() if month not in self.use)
        self.quota = half_up(Fraction(6000, 12) * sum(self.heads))
        self.actual = sum(self.use.values())
        reached = self.quota > 0 and Fraction(self.actual, self.quota) >= Fraction(80, 100)
        self.final = self.quota if reached else min(self.actual, self.quota)
        self.deposit = sum(self.deposits.values())
        share = None if score is None else 100 if score >= 90 else 50 if score >= 80 else 0
        self.released = (
            None if share is None and self.deposit else half_up(self.deposit * Fraction(share or 0, 100))
        )
        self.not_cleared, self.carry = advance, 0 if goes_on else owed
        booked = sum(cleared for _e, _a, cleared, _d, _p in self.cleared.values())
        self.due = self.final - booked - self.not_cleared - self.carry + (self.released or 0) - deducted
        self.received = sum(self.paid.values()) + max(self.due, 0)
        self.advance = max(-self.due, 0)  # what the next prepayments take off
        self.kept = self.deposit if self.released is None else 0

    def _clear(self, month: int, entitled: int) -> int:
        """What is carried forward."""
        cleared = min(self.use[month], entitled)
        deposit = half_up(cleared * Fraction(5, 100))
        self.cleared[month] = (entitled, self.use[month], cleared, deposit, cleared - deposit)
        self.deposits[month] = deposit
        return entitled - (cleared - deposit)

    def figures(self) -> tuple:
        return (
            self.quota,
            self.actual,
            self.final,
            self.not_cleared,
            self.carry,
            self.deposit,
            self.released,
            self.due,
        )
