"""Heads of a month: for how many people a facility is paid (Heyuan 12, Shaoguan 9(2))."""

from office.statements import fetch
from policies.month import Month, months_between


def heads_of(*, scheme: str, month: Month) -> dict[int, int]:
    """Heads by facility id; facilities without any are left out."""
    return dict(fetch("settlement/heads", scheme=scheme, month=month.first_day))


def heads_by_month(*, scheme: str, first: Month, last: Month) -> dict[Month, dict[int, int]]:
    """Heads of every month from first to last: their sums are person-months."""
    return {month: heads_of(scheme=scheme, month=month) for month in months_between(first, last)}
