"""A run's lines for the screen, some at a time: found by chunk, never by counting or sorting a million."""

from django.utils.translation import gettext as _

from accounts.models import RunLine
from insured.models import Status
from office.kinds import Table
from office.models import Run


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
            _number(line.credit) or _number(line.debit),
            str(line.credit.owner or line.credit),
            str(line.debit.owner or line.debit.get_kind_display()),
            labels.get(line.status, ""),
            line.base,
            line.standard,
            str(line.covers),
            line.amount,
        )
        for line in lines_of(run, first, count)
    ]
    return Table(title=_("Lines"), columns=columns, rows=rows)


def _number(account) -> str:
    return (account.person and account.person.person_number) or (account.facility and account.facility.code)


def lines_of(run: Run, first: int, count: int) -> list[RunLine]:
    """`count` lines from the `first` on, with their accounts and whose they are."""
    found: list[int] = []
    for chunk in run.chunks.order_by("number"):
        if first >= chunk.rows:
            first -= chunk.rows
            continue
        # By the chunk's range of ids: an index scan, where its number alone would read and sort the chunk.
        lines = RunLine.objects.filter(
            run_id=run.pk, chunk=chunk.number, pk__range=(chunk.first_line, chunk.last_line)
        )
        found += lines.order_by("pk").values_list("pk", flat=True)[first : first + count - len(found)]
        first = 0
        if len(found) >= count:
            break
    whose = ("credit__person", "credit__facility", "debit__person", "debit__facility")
    return list(RunLine.objects.filter(pk__in=found).select_related(*whose).order_by("pk"))
