"""What the rules give for every credit that was posted, worked out a second time.

The runs compute credits by one statement; here each line's status and base, as they were then, go through
`policies.credit` instead. Equal credits of runs with equal rules are looked at once.
"""

from decimal import Decimal

from accounts.models import AccountKind, RunLine, TransferKind
from accounts.month_terms import FUNDED_BY_POOL
from office.models import PolicyState, PolicyVersion, Run, RunKindName, RunState
from office.policy import pack_of
from office.statements import fetch
from policies.credit import CreditTerm, credit, credit_terms, resettled_stop
from policies.month import Month
from policies.pack import Pack
from policies.values import NotInForce

CREDITING = [RunKindName.CREDIT, RunKindName.LUMP_CREDIT]


def first_wrong_credit() -> str:
    """The first line that credits something else than the rules of its run; empty when there is none."""
    posted = [(run, month) for run in _posted() for month in _months(run)]
    return _first_wrong_sum(posted) or _first_stopped(posted)


def _first_wrong_sum(posted: list[tuple[Run, Month]]) -> str:
    rules: dict[tuple[CreditTerm, ...], int] = {}
    asked = [(run.pk, month, _terms(run, month)) for run, month in posted]
    keys = [rules.setdefault(terms, len(rules)) for _run, _month, terms in asked]
    terms_of = {key: _by_status(terms) for terms, key in rules.items()}
    rows = fetch(
        "accounts/credits_computed",
        runs=[run for run, _month, _terms in asked],
        months=[month.first_day for _run, month, _terms in asked],
        keys=keys,
    )
    wrong = [
        (line, run, status, base, amount)
        for key, status, base, standard, amount, source, line, run in rows
        if source != _source(status)
        or not any(_gives(term, base, standard, amount) for term in terms_of[key].get(status, []))
    ]
    if not wrong:
        return ""
    line, run, status, base, amount = min(wrong)
    return f"run {run}, line {line}: {amount} is not what the rules give for {status} with a base of {base}"


def _first_stopped(posted: list[tuple[Run, Month]]) -> str:
    """The first credit of somebody whose credits the rules had stopped (Nanchang 28)."""
    stopping = [(run.pk, month.first_day) for run, month in posted if _stops(run, month)]
    if not stopping:
        return ""
    runs, months = zip(*stopping, strict=True)
    wrong = fetch("accounts/verify_stopped", runs=list(runs), months=list(months))
    if not wrong:
        return ""
    [(line, run, month, filing)] = wrong
    return f"run {run}, line {line}: credited for {month:%Y-%m} while resettled elsewhere, by filing {filing}"


def _stops(run: Run, month: Month) -> bool:
    pack = _pack(run, month)
    return pack.in_force(month.first_day) and resettled_stop(pack, month) is not None


def _posted():
    return Run.objects.filter(
        kind__in=CREDITING, state__in=[RunState.POSTED, RunState.REVERSED]
    ).select_related("policy")


def _months(run: Run) -> list[Month]:
    if run.kind == RunKindName.CREDIT:
        return [run.period]
    lines = RunLine.objects.filter(run_id=run.pk, kind=TransferKind.CREDIT)
    return sorted(set(lines.values_list("covers", flat=True)))


def _terms(run: Run, month: Month) -> tuple[CreditTerm, ...]:
    try:
        return tuple(credit_terms(_pack(run, month), month))
    except NotInForce:
        return ()


def _pack(run: Run, month: Month) -> Pack:
    """By the run's rules; what was credited for other months goes by the rules of each, as known then."""
    return pack_of(run.policy if month == run.period else _known(run, month))


def _known(run: Run, month: Month) -> PolicyVersion:
    versions = PolicyVersion.objects.filter(scheme=run.scheme, state=PolicyState.APPROVED).order_by("-number")
    known = [v for v in versions if v.approved_at is None or v.approved_at <= run.computed_at]
    return next((v for v in known if v.effective is None or v.effective <= month), run.policy)


def _by_status(terms: tuple[CreditTerm, ...]) -> dict[str, list[CreditTerm]]:
    found: dict[str, list[CreditTerm]] = {}
    for term in terms:
        if term.method in ("flat", "percent_of_base"):
            found.setdefault(term.status, []).append(term)
    return found


def _gives(term: CreditTerm, base: Decimal | None, standard: str, amount: Decimal) -> bool:
    if term.method == "flat":
        return (standard, amount) == (str(term.amount), term.amount)
    return base is not None and standard == f"{term.rate}%" and credit(term, base) == amount


def _source(status: str) -> str:
    return AccountKind.POOL if status in FUNDED_BY_POOL else AccountKind.CONTRIBUTION
