"""Income and expenditure of personal accounts 个人账户收支 by month and county, from the ledger."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.utils.translation import gettext as _

from accounts.models import TransferKind
from office.kinds import Table
from office.statements import fetch
from policies.month import Month


@dataclass(frozen=True, slots=True)
class Sum:
    """Transfers of one kind and side of a month and county; `amount` is negative where reversals outweigh."""

    month: Month
    code: str
    county: str
    income: bool
    kind: TransferKind
    count: int
    amount: Decimal


def sums_of(*, scheme: str, first: Month, last: Month, counties: Sequence[int] | None = None) -> list[Sum]:
    """What came to and left the personal accounts of the counties (None: of all) in the months given."""
    rows = fetch(
        "accounts/income_and_expenditure",
        scheme=scheme,
        first=first.first_day,
        last=last.first_day,
        counties=None if counties is None else list(counties),
    )
    return [
        Sum(Month.of(month), code, county, income, TransferKind(kind), count, amount)
        for month, code, county, income, kind, count, amount in rows
    ]


def balance_after(month: Month, *, scheme: str) -> Decimal:
    """What all personal accounts held by the books of the month, by the balances of the ledger."""
    [(amount,)] = fetch("accounts/balance_after", scheme=scheme, last=month.first_day)
    return amount


def totals(sums: Sequence[Sum], *key: str) -> dict[tuple, tuple[Decimal, Decimal]]:
    """Income and expense by the attributes named, in the order in which they come."""
    found: dict[tuple, tuple[Decimal, Decimal]] = {}
    for each in sums:
        where = tuple(getattr(each, name) for name in key)
        income, expense = found.get(where, (Decimal("0.00"), Decimal("0.00")))
        if each.income:
            found[where] = income + each.amount, expense
        else:
            found[where] = income, expense + each.amount
    return found


def income_table(sums: Sequence[Sum], *, period: str) -> Table:
    return Table(
        title=_("Income and expenditure of personal accounts %(period)s") % {"period": period},
        columns={
            _("Accounting month"): "text",
            _("County code"): "text",
            _("County"): "text",
            _("Side"): "text",
            _("Kind"): "text",
            _("Transfers"): "integer",
            _("Amount"): "money",
        },
        rows=[
            (
                str(each.month),
                each.code,
                each.county,
                _("Income") if each.income else _("Expense"),
                each.kind.label,
                each.count,
                each.amount,
            )
            for each in sums
        ],
    )
