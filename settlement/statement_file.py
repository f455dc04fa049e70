"""A statement as a workbook: totals and deductions, and every visit behind them."""

from collections.abc import Iterator
from decimal import Decimal
from typing import BinaryIO

import xlsxwriter
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from insured.models import Person
from office.tables import NUMBER_FORMATS
from settlement.models import Statement, StatementLine


def reckoning(statement: Statement) -> list[tuple[str, Decimal]]:
    """How what is payable comes about, the result last."""
    told = [
        (_("Fund pays"), statement.fund),
        (_("less what capitation pays"), -statement.in_quota),
        (_("plus what refunds take back though it was not paid"), statement.kept),
        (_("less deductions"), -statement.deducted),
    ]
    return [(label, amount) for label, amount in told if amount] + [
        (pgettext("statement", "Payable"), statement.payable)
    ]


def columns() -> dict[str, str]:
    return {
        _("Bill number"): "text",
        _("Time"): "text",
        _("Insured person"): "text",
        pgettext("visit", "Category"): "text",
        _("Total cost"): "money",
        _("Eligible"): "money",
        _("Fund pays"): "money",
        _("Own account"): "money",
        _("Relative's account"): "money",
        _("Cash"): "money",
        _("Paid by capitation"): "text",
        pgettext("statement", "Payable"): "money",
    }


def rows_of(lines) -> Iterator[tuple]:
    """The visits of lines whose `visit__outcome` and facility are at hand; people by one query a batch."""
    for line in lines:
        visit, outcome = line.visit, line.visit.outcome
        yield (
            visit.bill,
            timezone.localtime(visit.at).strftime("%Y-%m-%d %H:%M"),
            name_of(visit),
            visit.get_category_display(),
            visit.total,
            visit.eligible,
            outcome.fund,
            outcome.account,
            outcome.family_account,
            outcome.cash,
            _("Yes") if line.in_quota else "",
            line.payable,
        )


def name_of(visit) -> str:
    try:
        return visit.person.name
    except Person.DoesNotExist:
        return _("somebody of another county")


def lines_of(statement: Statement):
    return (
        StatementLine.objects.filter(statement=statement)
        .select_related("visit__outcome")
        .prefetch_related("visit__person")
        .order_by("visit")
    )


def write_statement(statement: Statement, file: BinaryIO) -> None:
    """A sheet of totals whose result computes itself, and the visits."""
    book = xlsxwriter.Workbook(
        file, {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    )
    money = book.add_format({"num_format": NUMBER_FORMATS["money"]})
    bold = book.add_format({"bold": True, "num_format": NUMBER_FORMATS["money"]})
    head = book.add_format({"bold": True, "bottom": 1, "bg_color": "#EEF2F6"})
    _write_totals(book.add_worksheet(_("Statement")[:31]), statement, money=money, bold=bold, head=head)
    sheet = book.add_worksheet(_("Visits")[:31])
    sheet.freeze_panes(1, 0)
    for column, (label, kind) in enumerate(columns().items()):
        sheet.set_column(column, column, 22 if kind == "text" else 14)
        sheet.write_string(0, column, label, head)
    kinds = list(columns().values())
    for row, cells in enumerate(rows_of(lines_of(statement).iterator(chunk_size=2000)), 1):
        for column, (kind, value) in enumerate(zip(kinds, cells, strict=True)):
            if kind == "text":
                sheet.write_string(row, column, value)
            elif value is not None:
                sheet.write_number(row, column, value, money)
    book.close()


def _write_totals(sheet, statement: Statement, *, money, bold, head) -> None:
    sheet.set_column(0, 0, 44)
    sheet.set_column(1, 3, 22)
    sheet.write_string(0, 0, f"{_('Statement of expenses')} {statement.number}", bold)
    sheet.write_string(1, 0, f"{statement.facility.code} {statement.facility.name} {statement.month}")
    row = 3
    for label, value in (
        (_("Number of visits"), statement.visits),
        (_("Refunds"), statement.refunds),
    ):
        sheet.write_string(row, 0, label)
        sheet.write_number(row, 1, value)
        row += 1
    for label, value in (
        (_("Total cost"), statement.total),
        (_("Eligible"), statement.eligible),
        (_("Own account"), statement.account),
        (_("Relative's account"), statement.family_account),
        (_("Cash"), statement.cash),
    ):
        sheet.write_string(row, 0, label)
        sheet.write_number(row, 1, value, money)
        row += 1
    *parts, (label, payable) = reckoning(statement)
    first = row + 1
    for part, amount in parts:
        sheet.write_string(row, 0, part)
        sheet.write_number(row, 1, amount, money)
        row += 1
    sheet.write_string(row, 0, label, bold)
    if parts:
        sheet.write_formula(row, 1, f"=SUM(B{first}:B{row})", bold, payable)
    else:
        sheet.write_number(row, 1, payable, bold)
    row += 2
    deductions = list(statement.deductions.select_related("visit"))
    if not deductions:
        return
    labels = (pgettext("deduction", "Kind of deduction"), _("Amount"), _("Bill number"), _("Reason"))
    for column, label in enumerate(labels):
        sheet.write_string(row, column, label, head)
    for each in deductions:
        row += 1
        sheet.write_string(row, 0, f"{each.kind} {each.get_kind_display()}")
        sheet.write_number(row, 1, each.amount, money)
        sheet.write_string(row, 2, each.visit.bill if each.visit_id else "")
        sheet.write_string(row, 3, each.reason)
