"""By which rules the credits of months are worked out, as the columns in which a statement takes them."""

from collections.abc import Iterable

from insured.models import Status
from office.policy import NoPolicy, pack_of, policy_in_force
from policies.credit import CreditTerm, credit_terms
from policies.month import Month
from policies.values import NotInForce

# A retiree's credit is a transfer from the pooled fund; everybody else's is their own contribution.
FUNDED_BY_POOL = [Status.RETIRED]


def as_columns(terms: list[CreditTerm]) -> dict[str, list]:
    """The terms of one month."""
    return {
        "statuses": [term.status for term in terms],
        "groups": [term.group for term in terms],
        "methods": [term.method for term in terms],
        "rates": [term.rate for term in terms],
        "amounts": [term.amount for term in terms],
        "parameters": [term.parameter for term in terms],
        "articles": [term.article for term in terms],
    }


def of_months(scheme: str, months: Iterable[Month]) -> dict[str, list]:
    """The terms of each month by the rules that hold for it now; none for a month without rules."""
    terms = [(month, term) for month in sorted(months) for term in _of_month(scheme, month)]
    return {
        "term_months": [month.first_day for month, _term in terms],
        **as_columns([term for _month, term in terms]),
    }


def _of_month(scheme: str, month: Month) -> list[CreditTerm]:
    try:
        return credit_terms(pack_of(policy_in_force(scheme=scheme, month=month)), month)
    except (NoPolicy, NotInForce):
        return []
