"""The fund's income and expenditure 基金收支 by month, line and county, from sums kept of the ledger.

Whatever the sums say is held against the ledger's balances of the same moment: opening + income -
expenditure = closing, to the 分.
"""

from dataclasses import dataclass
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal
from functools import cache
from pathlib import Path

from django.db import connection, transaction
from django.db.models import Sum
from django.utils.translation import get_language

from monitoring.models import FundBudget, FundCheck, FundSum
from office.models import PeriodEvent
from office.periods import closed_through
from office.statements import execute
from policies.month import Month
from policies.yamltext import read_yaml

ZERO = Decimal("0.00")
BEGINNING = Month(1900, 1)


@dataclass(frozen=True, kw_only=True)
class Amount:
    """What moved in a month on one line; `line` is None for a kind no line holds."""

    month: Month
    income: bool
    line: str | None
    kind: str
    county: str
    level: str
    amount: Decimal


@transaction.atomic
def refresh() -> None:
    """Sum again every month that was open when it was last summed, or was opened since."""
    with connection.cursor() as cursor:
        cursor.execute("lock table monitoring_fundsum in share row exclusive mode")
    last = FundCheck.objects.order_by("summed_at").first()
    closed = closed_through()
    open_from = closed + 1 if closed else BEGINNING
    first = BEGINNING
    if last is not None:
        touched = PeriodEvent.objects.filter(at__gte=last.summed_at).values_list("month", flat=True)
        first = min([last.open_from, *touched])
    execute("monitoring/fund_sums", first=first.first_day, open_from=open_from.first_day)


@cache
def subjects() -> dict:
    return read_yaml(Path(__file__).with_name("subjects.yaml").read_text(encoding="utf-8"))


def lines_of(fund: str, *, income: bool) -> dict[str, list[str]]:
    """The names of a side's lines in the reader's language, with the kinds each holds."""
    language = "zh" if (get_language() or "").startswith("zh") else "en"
    return {line[language]: line["kinds"] for line in subjects()[fund]["income" if income else "expense"]}


def budgeted_lines(*, income: bool) -> dict[str, str]:
    """The pool's lines: the name in the reader's language to the key by which budgets are entered."""
    names = lines_of("pool", income=income)
    keys = [line["key"] for line in subjects()["pool"]["income" if income else "expense"]]
    return dict(zip(names, keys, strict=True))


def budgets_of(*, scheme: str, year: int) -> dict[str, Decimal]:
    """Yuan a year by the key of the line."""
    found = FundBudget.objects.filter(scheme=scheme, year=year)
    return dict(found.values_list("line", "amount"))


def amounts_of(*, fund: str, scheme: str, year: int, county: str = "") -> list[Amount]:
    """What moved in a year, as far as whoever asks may see it."""
    found = FundSum.objects.filter(
        fund=fund, scheme=scheme, month__range=(Month(year, 1), Month(year, 12))
    ).select_related("county")
    if county:
        found = found.filter(county__code=county)
    names = {
        (income, kind): name
        for income in (True, False)
        for name, kinds in lines_of(fund, income=income).items()
        for kind in kinds
    }
    return [
        Amount(
            month=each.month,
            income=each.income,
            line=names.get((each.income, each.kind)),
            kind=each.get_kind_display(),
            county=f"{each.county.code} {each.county.name}" if each.county else "",
            level=each.get_level_display(),
            amount=each.amount,
        )
        for each in found.order_by("month", "county__code")
    ]


def balance_through(month: Month, *, fund: str, scheme: str) -> Decimal:
    """What the fund held when the month's books ended."""
    return _balance(FundSum.objects.filter(fund=fund, scheme=scheme, month__lte=month))


def summed_at(*, scheme: str) -> datetime | None:
    """When the sums were last made; None before the first time."""
    return (
        FundCheck.objects.filter(scheme=scheme)
        .order_by("summed_at")
        .values_list("summed_at", flat=True)
        .first()
    )


def difference(*, fund: str, scheme: str) -> Decimal:
    """The sums less what the ledger held in the same moment: nothing, unless something is wrong."""
    kept = _balance(FundSum.objects.filter(fund=fund, scheme=scheme))
    held = FundCheck.objects.filter(fund=fund, scheme=scheme).values_list("balance", flat=True).first()
    return kept - (held or ZERO)


def _balance(found) -> Decimal:
    sides = dict(found.order_by().values_list("income").annotate(Sum("amount")))
    return sides.get(True, ZERO) - sides.get(False, ZERO)


def forecast(*, so_far: Decimal, months: int, last_same: Decimal, last_total: Decimal) -> Decimal | None:
    """The year's total from its first whole `months`: as last year went on, else evenly. Half up."""
    if not months:
        return None
    grown = so_far * last_total / last_same if last_same > 0 else so_far * 12 / months
    return grown.quantize(Decimal("0.01"), ROUND_HALF_UP)
