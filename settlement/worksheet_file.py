"""Worksheets of a year end as a workbook that computes itself: a sheet per facility, with live formulas."""

import re
from collections.abc import Iterable
from typing import BinaryIO

import xlsxwriter
from django.utils.translation import gettext as _
from xlsxwriter.utility import xl_range, xl_rowcol_to_cell

from office.tables import NUMBER_FORMATS
from settlement.worksheet import Line, Worksheet

FORBIDDEN = re.compile(r"[\[\]:*?/\\]")
HEAD_ROW = 3
# Lines stand in the first columns: label, figure, how it comes about.
FIGURE_COLUMN = 1


def write_worksheets(worksheets: Iterable[Worksheet], file: BinaryIO) -> int:
    """A sheet for each, named by the facility's code; the number of sheets."""
    book = xlsxwriter.Workbook(file, {"strings_to_formulas": False, "strings_to_urls": False})
    formats = {kind: book.add_format({"num_format": code}) for kind, code in NUMBER_FORMATS.items()}
    formats |= {
        "number": book.add_format({"num_format": "General"}),
        "title": book.add_format({"bold": True, "font_size": 14}),
        "head": book.add_format({"bold": True, "bottom": 1, "bg_color": "#EEF2F6", "text_wrap": True}),
        "due": book.add_format({"bold": True, "top": 1, "num_format": NUMBER_FORMATS["money"]}),
        "note": book.add_format({"font_color": "#64748B"}),
        "text": None,
    }
    written = 0
    for worksheet in worksheets:
        _write(book, worksheet, formats)
        written += 1
    if not written:
        book.add_worksheet()
    book.close()
    return written


def _write(book, worksheet: Worksheet, formats: dict) -> None:
    line = worksheet.line
    sheet = book.add_worksheet(FORBIDDEN.sub("-", line.facility.code)[:31])
    sheet.set_landscape()
    sheet.fit_to_pages(1, 1)
    sheet.set_column(0, 0, 30)
    sheet.set_column(1, len(worksheet.columns), 14)
    title = _("Year-end worksheet %(year)s") % {"year": line.run.period.year}
    sheet.write_string(0, 0, title, formats["title"])
    sheet.write_string(1, 0, f"{line.facility.code} {line.facility.name}")
    for column, (label, _kind) in enumerate(worksheet.columns.values()):
        sheet.write_string(HEAD_ROW, column, label, formats["head"])
    first, last = HEAD_ROW + 1, HEAD_ROW + len(worksheet.months)
    places = {name: column for column, name in enumerate(worksheet.columns)}
    for row, month in enumerate(worksheet.months, first):
        cells = {name: xl_rowcol_to_cell(row, column) for name, column in places.items()}
        for name, cell in month.items():
            _put(sheet, row, places[name], cell, cells, formats)
    top = last + 2
    cells = {f"months_{name}": xl_range(first, column, last, column) for name, column in places.items()}
    cells |= {
        each.name: xl_rowcol_to_cell(row, FIGURE_COLUMN) for row, each in enumerate(worksheet.lines, top)
    }
    for row, each in enumerate(worksheet.lines, top):
        sheet.write_string(row, 0, each.label)
        _put(sheet, row, FIGURE_COLUMN, each, cells, formats)
        sheet.write_string(row, FIGURE_COLUMN + 1, each.how, formats["note"])


def _put(sheet, row: int, column: int, line: Line, cells: dict[str, str], formats: dict) -> None:
    form = formats["due" if line.name == "due" else line.kind]
    if line.formula:
        sheet.write_formula(row, column, "=" + line.formula.format_map(cells), form, line.value)
    elif line.kind == "text":
        sheet.write_string(row, column, line.value)
    elif line.value is not None:
        sheet.write_number(row, column, line.value, form)
