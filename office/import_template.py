"""An empty workbook for clerks to fill: the table, and a sheet that says what belongs into each column."""

import re
from typing import BinaryIO

import xlsxwriter
from django.utils.translation import gettext as _

from office.layouts import Column, Layout
from office.tables import WIDTHS

HEAD = {"num_format": "@", "bold": True, "bottom": 1, "bg_color": "#EEF2F6", "valign": "vcenter"}
# What Excel takes in no sheet's name.
FORBIDDEN = re.compile(r"[\[\]:*?/\\]")
# To what row a drop-down reaches: longer files come from another program, which has no use for it.
ROWS = 100_000


def write_template(declared: Layout, file: BinaryIO) -> None:
    """Every column is text, so that Excel changes no number; choices have a drop-down."""
    with xlsxwriter.Workbook(file) as book:
        text = book.add_format({"num_format": "@"})
        head, required = book.add_format(HEAD), book.add_format(HEAD | {"font_color": "#B00020"})
        sheet = book.add_worksheet(FORBIDDEN.sub("", _(declared.label)))
        sheet.freeze_panes(1, 0)
        sheet.set_column(0, len(declared.columns) - 1, WIDTHS["text"], text)
        for place, column in enumerate(declared.columns):
            title = column.header + "*" * column.required
            sheet.write_string(0, place, title, required if column.required else head)
            if column.names:
                sheet.data_validation(1, place, ROWS, place, drop_down(column))
        write_help(book, declared, head=book.add_format(HEAD))


def drop_down(column: Column) -> dict:
    """Names to choose from; codes are taken as well, so another text is pointed out, not refused."""
    return {
        "validate": "list",
        "source": column.names,
        "error_type": "information",
        "error_title": column.header,
        "error_message": _("Choose from the list, or write the code."),
    }


def write_help(book, declared: Layout, *, head) -> None:
    """What belongs into each column."""
    text = book.add_format({"num_format": "@", "text_wrap": True, "valign": "top"})
    sheet = book.add_worksheet(_("How to fill it in"))
    sheet.freeze_panes(1, 0)
    columns = {
        _("Column"): 18,
        _("Required"): 8,
        _("How to write it"): 46,
        _("Example"): 20,
        _("Meaning"): 60,
    }
    for place, (title, width) in enumerate(columns.items()):
        sheet.set_column(place, place, width, text)
        sheet.write_string(0, place, title, head)
    for line, column in enumerate(declared.columns, start=1):
        cells = [
            column.header,
            _("Yes") if column.required else "",
            _(column.kind.form) % {"limit": column.kind.limit, "allowed": _(", ").join(column.names)},
            column.example or column.kind.example,
            _(column.about) if column.about else "",
        ]
        for place, cell in enumerate(cells):
            sheet.write_string(line, place, cell, text)
    notes = [
        _("The first row holds the headers; further columns are kept and returned untouched."),
        _("Write values, not formulas, and amounts without thousands separators."),
        _("Rows that cannot be taken come back as a workbook with the reasons: correct it and upload it."),
    ]
    for line, note in enumerate(notes, start=len(declared.columns) + 2):
        sheet.merge_range(line, 0, line, len(columns) - 1, note, text)
