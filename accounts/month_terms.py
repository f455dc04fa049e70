"""By which rules the credits of months are worked out, as the columns in which a statement takes them."""

from collections.abc import Iterable

from insured.models import Status
from office.policy import NoPolicy, pack_of, policy_in_force
from policies.credit import CreditTerm, credit_terms, resettled_stop
from policies.month import Month
from policies.pack import Pack

# A retiree's credit is a transfer from the pooled fund; everybody else's is their own contribution.
FUNDED_BY_POOL = [Status.RETIRED]


def of_month(pack: Pack, month: Month) -> dict[str, list]:
    """The terms of one month; raises NotInForce for a month without rules."""
    return {**_as_columns(credit_terms(pack, month)), **stops({month: pack})}


def _as_columns(terms: list[CreditTerm]) -> dict[str, list]:
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
    packs = {month: pack for month in sorted(months) if (pack := _pack_of(scheme, month))}
    terms = [(month, term) for month, pack in packs.items() for term in credit_terms(pack, month)]
    return {
        "term_months": [month.first_day for month, _term in terms],
        **_as_columns([term for _month, term in terms]),
        **stops(packs),
    }


def stops(packs: dict[Month, Pack]) -> dict[str, list]:
    """The months in which whoever is resettled elsewhere is credited nothing, each with its article."""
    stopping = {month: article for month, pack in packs.items() if (article := resettled_stop(pack, month))}
    return {
        "stop_months": [month.first_day for month in stopping],
        "stop_articles": list(stopping.values()),
    }


def _pack_of(scheme: str, month: Month) -> Pack | None:
    try:
        pack = pack_of(policy_in_force(scheme=scheme, month=month))
    except NoPolicy:
        return None
    return pack if pack.in_force(month.first_day) else None
