"""Tables as files: what a run or a list holds, written for Excel without holding it in memory."""

import codecs
import contextlib
import csv
import io
import tempfile
from collections.abc import Callable, Iterable
from decimal import Decimal
from functools import partial
from typing import BinaryIO

import xlsxwriter
from django.http import FileResponse

from office.kinds import Table

# An Excel sheet ends here; what is more goes on to the next sheet.
SHEET_ROWS = 1_048_576
NUMBER_FORMATS = {
    "money": "#,##0.00",
    "change": "+#,##0.00;-#,##0.00;0.00",
    "percent": "0.0000%",
    "integer": "#,##0",
    "number": "0",
}
WIDTHS = {"text": 20, "money": 16, "change": 16, "percent": 10, "integer": 10, "number": 10}
# Excel takes a CSV cell that begins so for a formula, in full width as a Chinese keyboard types it too.
FORMULA_STARTS = ("=", "+", "-", "@", "＝", "＋", "－", "＠", "\t", "\r", "\n")

CONTENT_TYPES = {
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "csv": "text/csv; charset=utf-8",
    "pdf": "application/pdf",
    "zip": "application/zip",
}


def write_xlsx(table: Table, file: BinaryIO) -> int:
    """Write the table as a workbook and return its number of rows; text stays text, formulas never run."""
    return write_book([table], file)


def write_book(tables: Iterable[Table], file: BinaryIO) -> int:
    """Write tables into one workbook, each on a sheet of its own; several are named by their titles."""
    tables = list(tables)
    book = xlsxwriter.Workbook(
        file, {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    )
    head = book.add_format({"bold": True, "bottom": 1, "bg_color": "#EEF2F6"})
    formats = {kind: book.add_format({"num_format": code}) for kind, code in NUMBER_FORMATS.items()}
    written = 0
    for table in tables:
        name = table.title[:31] if len(tables) > 1 else None
        written += _write_table(book, table, head, formats, name=name)
    book.close()
    return written


def _write_table(book, table: Table, head, formats: dict, *, name: str | None) -> int:
    kinds = list(table.columns.values())
    written, sheet = 0, None
    for row in table.rows:
        place = written % (SHEET_ROWS - 1)
        if place == 0:
            sheet = _new_sheet(book, table, head, name if sheet is None else None)
        for column, (kind, value) in enumerate(zip(kinds, row, strict=True)):
            if value is None:
                continue
            if kind == "text":
                sheet.write_string(place + 1, column, str(value))
            else:
                sheet.write_number(place + 1, column, value, formats[kind])
        written += 1
    if sheet is None:
        _new_sheet(book, table, head, name)
    return written


def _new_sheet(book, table: Table, head, name: str | None):
    sheet = book.add_worksheet(name)
    sheet.freeze_panes(1, 0)
    for column, (header, kind) in enumerate(table.columns.items()):
        sheet.set_column(column, column, WIDTHS[kind])
        sheet.write_string(0, column, header, head)
    return sheet


def write_csv(table: Table, file: BinaryIO) -> int:
    """Write the table as CSV that Excel opens correctly, and return its number of rows."""
    file.write(codecs.BOM_UTF8)
    text = io.TextIOWrapper(file, encoding="utf-8", newline="", write_through=True)
    writer = csv.writer(text)
    writer.writerow(map(harmless, table.columns))
    kinds = list(table.columns.values())
    written = 0
    for row in table.rows:
        writer.writerow([_cell(kind, value) for kind, value in zip(kinds, row, strict=True)])
        written += 1
    text.detach()
    return written


def _cell(kind: str, value) -> str:
    if value is None:
        return ""
    if kind == "percent":
        return f"{Decimal(value) * 100:.4f}%"
    return harmless(str(value)) if kind == "text" else str(value)


def harmless(text: str) -> str:
    """Text that a spreadsheet shows and never runs: where it begins like a formula, it is marked as text."""
    return f"'{text}" if text.startswith(FORMULA_STARTS) else text


WRITERS = {"xlsx": write_xlsx, "csv": write_csv}


def download(table: Table, extension: str) -> FileResponse:
    """The table as a file a browser saves under its title."""
    return served(partial(WRITERS[extension], table), name=f"{table.title}.{extension}")


def served(write: Callable[[BinaryIO], object], *, name: str) -> FileResponse:
    """What `write` puts into a file, to be saved under a name: written to disk first, then streamed."""
    with contextlib.ExitStack() as open_files:
        file = open_files.enter_context(tempfile.TemporaryFile())
        write(file)
        file.seek(0)
        open_files.pop_all()  # the response closes it
    return FileResponse(
        file, as_attachment=True, filename=name, content_type=CONTENT_TYPES[name.rpartition(".")[2]]
    )
