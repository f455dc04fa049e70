"""What late news would have meant: what months gone by were credited, and what the rules give for them now.

A proposal and nothing more: what is posted stays as it is, and a difference is settled by entries of an open
month that name the month they cover (credits follow entitlement; one credit per person and covered month).
"""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from insured.models import Person
from office.models import PeriodEvent, Run, RunKindName, RunState
from office.periods import closed_through
from office.policy import NoPolicy, pack_of, policy_in_force
from office.statements import fetch
from policies.credit import credit_terms
from policies.month import Month, months_between
from policies.values import NotInForce


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

    Ordered by person and month; nothing for a scheme without rules.
    """
    runs = credited_months(scheme)
    table = _terms(scheme, runs)
    rows = fetch(
        "accounts/late_news",
        scheme=scheme,
        people=None if people is None else [person.pk for person in people],
        months=[month.first_day for month in runs],
        runs=list(runs.values()),
        **table,
    )
    return [
        Difference(
            person_id=person,
            month=Month.of(month),
            status=status,
            credited=credited,
            due=due,
            held=held,
            detail=detail,
        )
        for person, month, status, credited, due, held, detail in rows
    ]


def credited_months(scheme: str) -> dict[Month, int | None]:
    """The months that no ordinary run can credit any more, each with its posted run, if it has one."""
    posted = Run.objects.filter(kind=RunKindName.CREDIT, scheme=scheme, state=RunState.POSTED)
    found: dict[Month, int | None] = dict(posted.values_list("period", "pk"))
    closed = closed_through()
    if closed is not None:
        first = PeriodEvent.objects.order_by("month").values_list("month", flat=True)[0]
        found = dict.fromkeys(months_between(first, closed)) | found
    return dict(sorted(found.items()))


def _terms(scheme: str, months: Iterable[Month]) -> dict[str, list]:
    """The terms of each month by the rules that hold for it now, as columns; none where no rules are."""
    terms = [(month, term) for month in months for term in _terms_of(scheme, month)]
    return {
        "term_months": [month.first_day for month, _term in terms],
        "statuses": [term.status for _month, term in terms],
        "groups": [term.group for _month, term in terms],
        "methods": [term.method for _month, term in terms],
        "rates": [term.rate for _month, term in terms],
        "amounts": [term.amount for _month, term in terms],
        "parameters": [term.parameter for _month, term in terms],
    }


def _terms_of(scheme: str, month: Month) -> list:
    try:
        return credit_terms(pack_of(policy_in_force(scheme=scheme, month=month)), month)
    except (NoPolicy, NotInForce):
        return []
