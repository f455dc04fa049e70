"""A run's lines for the screen, some at a time: found by chunk, never by counting or sorting a million."""

from django.utils.translation import gettext as _

from accounts.models import RunLine
from insured.models import Status
from office.models import Run
from office.runs import Table


def lines_page(run: Run, first: int, count: int) -> Table:
    """`count` lines from the `first` (zero-based) on, in the order in which they are posted."""
    columns = {
        _("Number"): "text",
        _("Credited to"): "text",
        _("Debited from"): "text",
        _("Status"): "text",
        _("Base"): "money",
        _("Credit standard"): "text",
        _("Month"): "text",
        _("Amount"): "money",
    }
    labels = dict(Status.choices)
    rows = [
        (
            _number(line.credit),
            str(line.credit.owner or line.credit),
            str(line.debit.owner or line.debit.get_kind_display()),
            labels.get(line.status, ""),
            line.base,
            line.standard,
            str(line.covers),
            line.amount,
        )
        for line in _lines(run, first, count)
    ]
    return Table(title=_("Lines"), columns=columns, rows=rows)


def _number(account) -> str:
    return (account.person and account.person.person_number) or (account.facility and account.facility.code)


def _lines(run: Run, first: int, count: int) -> list[RunLine]:
    found: list[RunLine] = []
    for number, rows in run.chunks.order_by("number").values_list("number", "rows"):
        if first >= rows:
            first -= rows
            continue
        lines = (
            RunLine.objects.filter(run_id=run.pk, chunk=number)
            .order_by("id")
            .select_related("credit__person", "credit__facility", "debit__person", "debit__facility")
        )
        found += lines[first : first + count - len(found)]
        first = 0
        if len(found) >= count:
            break
    return found
