"""A year of one personal account, as its owner is told: what was there, came, went, and is there now.

A year is that of the books: December's late credit belongs to December. Interest of a year is money of the
year in whose books it stands, the next.
"""

from dataclasses import dataclass
from decimal import Decimal

from django.utils.translation import gettext as _

from accounts.entries import Entry, transfers_of
from accounts.models import Account, Transfer, TransferKind
from office.kinds import Table


@dataclass(frozen=True, kw_only=True)
class Statement:
    """`income` and `expense` are yuan by kind, each above zero; what is taken back lessens its side."""

    account: Account
    year: int
    years: list[int]
    opening: Decimal
    income: dict[TransferKind, Decimal]
    expense: dict[TransferKind, Decimal]
    closing: Decimal
    entries: list[Entry]

    @property
    def came(self) -> Decimal:
        return sum(self.income.values(), Decimal("0.00"))

    @property
    def went(self) -> Decimal:
        return sum(self.expense.values(), Decimal("0.00"))


def statement_of(account: Account, year: int | None = None) -> Statement:
    """The statement of a year, or of the last one in which anything moved."""
    transfers = transfers_of(account)
    years = sorted({transfer.month.year for transfer in transfers}, reverse=True)
    year = year or (years[0] if years else account.opened_on.year)
    before = [transfer for transfer in transfers if transfer.month.year < year]
    within = [transfer for transfer in transfers if transfer.month.year == year]
    opening = sum((_signed(account, transfer) for transfer in before), Decimal("0.00"))
    income, expense = _by_kind(account, within)
    others = Account.objects.select_related("person", "facility", "employer").in_bulk(
        {_other(account, transfer) for transfer in within}
    )
    entries, balance = [], opening
    for transfer in within:
        amount = _signed(account, transfer)
        balance += amount
        entries.append(Entry(transfer, amount, balance, others.get(_other(account, transfer))))
    return Statement(
        account=account,
        year=year,
        years=years,
        opening=opening,
        income=income,
        expense=expense,
        closing=balance,
        entries=entries,
    )


def _signed(account: Account, transfer: Transfer) -> Decimal:
    return transfer.amount if transfer.credit_id == account.pk else -transfer.amount


def _other(account: Account, transfer: Transfer) -> int:
    return transfer.debit_id if transfer.credit_id == account.pk else transfer.credit_id


def _by_kind(account: Account, transfers: list[Transfer]) -> tuple[dict, dict]:
    income: dict[TransferKind, Decimal] = {}
    expense: dict[TransferKind, Decimal] = {}
    for transfer in transfers:
        amount, kind = _signed(account, transfer), TransferKind(transfer.kind)
        takes_back = kind == TransferKind.REVERSAL
        side = income if (amount > 0) != takes_back else expense
        side[kind] = side.get(kind, Decimal("0.00")) + (amount if side is income else -amount)
    return income, expense


def statement_table(statement: Statement) -> Table:
    """The year's entries as a file, between the opening and the closing balance."""
    year = {"year": statement.year}
    rows = [
        (
            f"#{entry.transfer.pk}",
            str(entry.transfer.month),
            str(entry.transfer.covers),
            entry.transfer.get_kind_display(),
            str(entry.other) if entry.other else _("An account of another county"),
            entry.amount if entry.amount > 0 else None,
            -entry.amount if entry.amount < 0 else None,
            entry.balance,
        )
        for entry in statement.entries
    ]
    first = ("", "", "", _("Balance on 1 January %(year)s") % year, "", None, None, statement.opening)
    last = ("", "", "", _("Balance at the end of %(year)s") % year, "", None, None, statement.closing)
    last = (*last[:5], statement.came, statement.went, statement.closing)
    return Table(
        title=_("Account statement %(year)s") % year,
        columns={
            _("Transfer"): "text",
            _("Accounting month"): "text",
            _("For month"): "text",
            _("Kind"): "text",
            _("Counter-account"): "text",
            _("Income"): "money",
            _("Expense"): "money",
            _("Balance after"): "money",
        },
        rows=[first, *rows, last],
    )
