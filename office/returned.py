"""What clerks see of an import: reasons, changed values, and their own file back with what to correct."""

from collections.abc import Iterator
from dataclasses import dataclass

import xlsxwriter
from django.utils.translation import gettext

from office.layouts import Column, Layout, layout
from office.models import ImportFile, ImportRow, Outcome
from office.staging import rows_as_sent

# Its own name, so that it cannot be taken for a column of the file when the file comes back.
REASON_HEADER = "退回原因"


@dataclass(frozen=True)
class Finding:
    """Something said about one cell of a row."""

    row: int
    header: str
    message: str

    def __str__(self):
        return gettext("%(header)s: %(message)s") % {"header": self.header, "message": self.message}


@dataclass(frozen=True)
class ChangedValue:
    label: str
    old: str
    new: str


@dataclass(frozen=True)
class RowView:
    """A row as a page or a command shows it."""

    number: int
    cells: list[str]  # as staged: empty where the layout has no such column, or no table may hold it
    problems: list[Finding]
    notices: list[Finding]
    changes: list[ChangedValue]


def rows(import_file: ImportFile, *, outcome: Outcome, after: int = 0, limit: int = 50) -> list[RowView]:
    """The next rows of an outcome after a row number: the number of the last one leads to the next page."""
    declared = layout(import_file.layout)
    found = ImportRow.objects.filter(import_file=import_file, outcome=outcome, number__gt=after)
    return [view(row, import_file=import_file, declared=declared) for row in found.order_by("number")[:limit]]


def noticed_rows(import_file: ImportFile, *, after: int = 0, limit: int = 50) -> list[RowView]:
    """Rows that are taken, but about which something was noticed."""
    declared = layout(import_file.layout)
    found = ImportRow.objects.filter(import_file=import_file, number__gt=after).exclude(notices=[])
    return [view(row, import_file=import_file, declared=declared) for row in found.order_by("number")[:limit]]


def view(row: ImportRow, *, import_file: ImportFile, declared: Layout) -> RowView:
    here = {"row": row, "header": import_file.header, "declared": declared}

    def worded(findings):
        return [finding(text, **here) for text in findings or ()]

    return RowView(
        number=row.number,
        cells=row.cells,
        problems=worded(row.problems),
        notices=worded(row.notices),
        changes=[
            ChangedValue(
                gettext(declared.label_of(name)), *(shown(name, value, **here) for value in (old, new))
            )
            for name, old, new in row.changes or ()
        ],
    )


def finding(text: str, *, row: ImportRow, header: list[str], declared: Layout) -> Finding:
    """`field:fault:value` in words."""
    name, fault, value = [*text.split(":", 2), ""][:3]
    column = declared.column(name)
    values = {"value": value, "cell": ""}
    if column:
        values["cell"] = cell_of(column, row=row, header=header, declared=declared)
        values["limit"] = column.kind.limit
        values["allowed"] = gettext(", ").join(column.names)
    return Finding(
        row=row.number,
        header=column.header if column else gettext("Row"),
        message=gettext(declared.message(fault)) % values,
    )


def cell_of(column: Column, *, row: ImportRow, header: list[str], declared: Layout) -> str:
    """What the clerk wrote, masked where no table may hold it."""
    if column.kind.protection:
        return row.protected[declared.place_of(column) + 1] or ""
    return row.cells[header.index(column.header)] if column.header in header else ""


def shown(name: str, value: str | None, *, row: ImportRow, header: list[str], declared: Layout) -> str:
    """An old or new value as the file would write it, opened and masked where it is sealed."""
    column = declared.column(name)
    if value is None or not (column and column.kind.protection):
        return declared.shown(name, value)
    protection = column.kind.protection
    of = declared.column(protection.bound_to)
    if of.kind.protection:
        record = bytes_of(row.protected[declared.place_of(of) + 2])
    else:
        record = cell_of(of, row=row, header=header, declared=declared).upper()
    return protection.mask(protection.opened(bytes_of(value), record))


def bytes_of(text: str) -> bytes:
    """From PostgreSQL's text of a bytea."""
    return bytes.fromhex(text.removeprefix("\\x"))


def reason(view: RowView) -> str:
    """All problems of a row in one sentence that begins with where it stood."""
    return gettext("Row %(row)s. %(problems)s") % {
        "row": view.number,
        "problems": gettext("; ").join(map(str, view.problems)),
    }


def write_returned_workbook(import_file: ImportFile, target) -> None:
    """The clerk's own columns of the rejected rows, cells to correct marked, and the reasons; all of it text.

    The cells come from the stored file: not all of them are staged. `target` is a path or a binary file.
    Corrected, it can be uploaded as it is.
    """
    rejected = ImportRow.objects.filter(import_file=import_file, outcome=Outcome.REJECTED).order_by("number")
    sending = rows_as_sent(
        import_file,
        layout=layout(import_file.layout),
        numbers=list(rejected.values_list("number", flat=True)),
    )
    kept = [place for place, name in enumerate(import_file.header) if name != REASON_HEADER]
    headers = [import_file.header[place] for place in kept]
    options = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    with sending as (name, titles, sent), xlsxwriter.Workbook(target, options) as workbook:
        sheet = workbook.add_worksheet(name or None)
        plain = workbook.add_format({"num_format": "@"})
        bold = workbook.add_format({"num_format": "@", "bold": True})
        marked = workbook.add_format({"num_format": "@", "bg_color": "#FFE08A"})
        red = workbook.add_format({"num_format": "@", "font_color": "#B00020"})
        sheet.set_column(0, len(headers), 18, plain)
        sheet.set_column(len(headers), len(headers), 60, plain)
        sheet.freeze_panes(1, 0)
        for place, title in enumerate([*(titles[place] for place in kept), REASON_HEADER]):
            sheet.write_string(0, place, title, bold)
        for line, (row, cells) in enumerate(zip(rejected_rows(import_file), sent, strict=True), start=1):
            wrong = {problem.header for problem in row.problems}
            for place, header in enumerate(headers):
                sheet.write_string(line, place, cells[kept[place]], marked if header in wrong else plain)
            sheet.write_string(line, len(headers), reason(row), red)


def rejected_rows(import_file: ImportFile) -> Iterator[RowView]:
    declared = layout(import_file.layout)
    found = ImportRow.objects.filter(import_file=import_file, outcome=Outcome.REJECTED).order_by("number")
    for row in found.iterator(chunk_size=2000):
        yield view(row, import_file=import_file, declared=declared)
