"""Heads of a month: for how many people a facility is paid (Heyuan 12, Shaoguan 9(2))."""

from facilities.agreements import contracted_between
from facilities.models import AgreementKind
from office.statements import fetch
from policies.month import Month, months_between


def heads_of(*, scheme: str, month: Month) -> dict[int, int]:
    """Heads by facility id; facilities without any are left out."""
    return dict(fetch("settlement/heads", scheme=scheme, month=month.first_day))


def heads_by_month(*, scheme: str, first: Month, last: Month) -> dict[Month, dict[int, int]]:
    """Heads of every month from first to last: their sums are person-months."""
    return {month: heads_of(scheme=scheme, month=month) for month in months_between(first, last)}


def heads_after(*, scheme: str, month: Month) -> dict[int, int]:
    """Heads of the month before, for a month's prepayment (Shaoguan 9(2)2).

    Only facilities with an agreement in the month; one whose agreement returns in it has its own heads.
    """
    before, now = contracted_in(month - 1), contracted_in(month)
    returned = {
        facility: count
        for facility, count in heads_of(scheme=scheme, month=month).items()
        if facility not in before
    }
    earlier = heads_of(scheme=scheme, month=month - 1)
    return {facility: count for facility, count in earlier.items() if facility in now} | returned


def contracted_in(month: Month) -> set[int]:
    """The facilities that work under an outpatient agreement on some day of a month."""
    return contracted_between(month.first_day, month.last_day, kind=AgreementKind.OUTPATIENT)
