"""What adjustment runs settled, worked out a second time: what the rules gave, less what was credited before.

What was credited before is summed up from the transfers posted before the line's own; what was due is what
`policies.credit` gives, by the rules known when the run was computed, for the status and base of its line.
Not proved here are status and base themselves: the records they came from may have changed since, rightly.
Nor are the adjustments of a closing, whose voucher keeps neither.
"""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from functools import cache

from accounts.models import AccountKind
from accounts.month_terms import FUNDED_BY_POOL
from accounts.rules_then import known_then
from office.models import Run, RunKindName, RunState
from office.statements import fetch
from policies.credit import CreditTerm, credit, credit_terms, resettled_stop
from policies.month import Month
from policies.values import NotInForce


def first_wrong_adjustment() -> str:
    """The first line that rests on other credits, or settles something else than is due; or empty."""
    posted = Run.objects.filter(
        kind=RunKindName.ADJUSTMENT, state__in=[RunState.POSTED, RunState.REVERSED]
    ).in_bulk()

    @cache
    def terms_of(run: int, month: date, resettled: bool) -> list[CreditTerm]:
        return _terms(posted[run], Month.of(month), resettled=resettled)

    for run, line, covers, source, status, base, standard, told, credited, change, resettled in fetch(
        "accounts/adjustments_computed", runs=list(posted)
    ):
        named = f"run {run}, line {line}: {Month.of(covers)}"
        if told != credited:
            return f"{named} was credited {credited} before, not {told}"
        due = credited + change
        if not _is_due(
            terms_of(run, covers, resettled),
            status=status,
            base=base,
            standard=standard,
            source=source,
            due=due,
        ):
            insured = f"{status or 'nobody insured'} with a base of {base}"
            return f"{named}: {due} from {source} is not what the rules give for {insured}"
    return ""


def _terms(run: Run, month: Month, *, resettled: bool) -> list[CreditTerm]:
    """What statuses were credited; nothing to who was resettled elsewhere where that stops it."""
    pack = known_then(scheme=run.scheme, month=month, at=run.computed_at)
    try:
        terms = list(credit_terms(pack, month)) if pack else []
        if resettled and pack and resettled_stop(pack, month):
            terms += [replace(term, method="none") for term in terms]
    except NotInForce:
        return []
    return terms


def _is_due(
    terms: list[CreditTerm],
    *,
    status: str,
    base: Decimal | None,
    standard: str,
    source: str,
    due: Decimal,
) -> bool:
    """Nothing is due from the account of the fund that the status is not credited from."""
    if source != (AccountKind.POOL if status in FUNDED_BY_POOL else AccountKind.CONTRIBUTION) or not status:
        return due == 0
    return any(_gives(term, base=base, standard=standard, due=due) for term in terms if term.status == status)


def _gives(term: CreditTerm, *, base: Decimal | None, standard: str, due: Decimal) -> bool:
    match term.method:
        case "none":
            return due == 0
        case "flat":
            return (standard, due) == (str(term.amount), term.amount)
        case "percent_of_base":
            return base is not None and standard == f"{term.rate}%" and due == credit(term, base)
    return False
