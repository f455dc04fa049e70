"""What late news would have meant: what months gone by were credited, and what the rules give for them now.

What is posted stays as it is, and a difference is settled by entries of an open month that name the month
they cover (`adjust.py`; credits follow entitlement; one credit per person and covered month).
"""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from itertools import groupby

from accounts.credited import adjusted_by, credited_by
from accounts.month_terms import FUNDED_BY_POOL, of_months
from insured.models import Person
from office.models import PeriodEvent, Run, RunKindName, RunState
from office.periods import closed_through
from office.statements import fetch
from policies.month import Month, months_between


@dataclass(frozen=True, kw_only=True)
class Difference:
    """One month of one person. `due` is None where the rules cannot tell yet: `held` is why.

    `status` is what the person is insured as now, empty when not insured.
    """

    person_id: int
    month: Month
    status: str
    credited: Decimal
    due: Decimal | None
    held: str
    detail: str

    @property
    def adjustment(self) -> Decimal | None:
        """What would have to be credited still, or given back where below zero."""
        return None if self.due is None else self.due - self.credited


def differences(*, scheme: str, people: Iterable[Person] | None = None) -> list[Difference]:
    """All months of the people, or of everybody, in which the credit posted is not what the rules give now.

    Ordered by person and month; nothing for a scheme without rules. A credit that should have come from
    another account of the fund is a difference too, of 0.00.
    """
    numbers = None if people is None else [person.pk for person in people]
    rows = fetch("accounts/late_news", **asked(scheme, people=numbers))
    return [
        _difference(person, month, list(of_month))
        for (person, month), of_month in groupby(rows, key=lambda row: row[:2])
    ]


def _difference(person: int, month, rows: list[tuple]) -> Difference:
    """A month's rows are one for each account of the fund."""
    status, held, detail = rows[0][3], rows[0][9], rows[0][10]
    return Difference(
        person_id=person,
        month=Month.of(month),
        status=status,
        credited=sum((row[7] for row in rows), Decimal("0.00")),
        due=None if held else sum((row[8] for row in rows), Decimal("0.00")),
        held=held,
        detail=detail,
    )


def asked(scheme: str, *, people: list[int] | None = None) -> dict:
    """What the statement is asked with: the months, what stands of them, and the rules that hold for them."""
    months = settled_months(scheme)
    return {
        "scheme": scheme,
        "people": people,
        "months": [month.first_day for month in months],
        "credited_by": credited_by(scheme),
        "adjusted_by": adjusted_by(scheme),
        "pool_funded": FUNDED_BY_POOL,
        **of_months(scheme, months),
    }


def settled_months(scheme: str) -> list[Month]:
    """The months that no month's run can credit any more: its run is posted, or the books are closed."""
    posted = Run.objects.filter(kind=RunKindName.CREDIT, scheme=scheme, state=RunState.POSTED)
    found = set(posted.values_list("period", flat=True))
    closed = closed_through()
    if closed is not None:
        first = PeriodEvent.objects.order_by("month").values_list("month", flat=True)[0]
        found.update(months_between(first, closed))
    return sorted(found)
