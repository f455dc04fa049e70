"""Between the reader of a file and its staging: cells that no table may hold are judged and protected.

Of each protected column is staged what was wrong with the cell, its mask, and the parts its kind asks for;
the place of the cell itself stays empty. Only this and `Protection.take` ever see the value.
"""

import re
from collections.abc import Iterable, Iterator

from office.import_sql import EXCEL_ERRORS
from office.layouts import Column, Layout
from office.sealing import masked

IN_QUOTES = str.maketrans({"\\": 4 * "\\", '"': 2 * "\\" + '"'})
CONTROL = dict.fromkeys(range(32))
BETWEEN = "\x1f"
SCIENTIFIC = re.compile(r"[0-9](\.[0-9]+)?[Ee]\+[0-9]+").fullmatch
LONG_NUMBER = re.compile(r"[0-9]{7,}[0-9Xx]*")


def apart(layout: Layout) -> list[str]:
    """The columns whose cells the reader hands over: the protected ones and those they are bound to."""
    needed = {name for column in layout.protected for name in (column.field, column.kind.protection.bound_to)}
    return [column.header for column in layout.columns if column.field in needed]


def protect(lines: Iterable[bytes], *, layout: Layout, header: list[str]) -> Iterator[bytes]:
    """The reader's lines as COPY takes them. Codes that rows are bound to are kept in capitals."""
    columns = [column for column in layout.columns if column.header in apart(layout)]
    # Those that others are bound to come first.
    ordered = sorted(layout.protected, key=lambda column: column.kind.protection.bound_to != column.field)
    places = {c.field: str(header.index(c.header) + 1) if c.header in header else "" for c in columns}
    if not ordered:
        for line in lines:
            yield line[1:-1] + b"\t{}\n"
    for line in lines if ordered else ():
        cells, _tab, row = line.partition(b"\t")
        row = row[:-1]
        imprecise = row.rsplit(b"\t", 2)[1].decode()[1:-1].split(",")
        values = dict(zip(places, cells.decode().split(BETWEEN), strict=True))
        rows = {name: value.upper() for name, value in values.items()}
        kept = {}
        for column in ordered:
            name, protection = column.field, column.kind.protection
            value, row_of = values[name], rows[protection.bound_to]
            if not value.isprintable():
                value = value.translate(CONTROL)
            kept[name] = staged(column, value, row=row_of, lost=places[name] in imprecise)
            if protection.bound_to == name:
                rows[name] = kept[name][2] or ""
        listed = ",".join([text_of(part) for column in layout.protected for part in kept[column.field]])
        yield row + f"\t{{{listed}}}\n".encode()


def staged(column: Column, value: str, *, row: bytes | str, lost: bool) -> list:
    """Fault, mask and parts of one cell."""
    protection = column.kind.protection
    none = [None] * len(protection.parts)
    if not value:
        return [None, None, *none]
    if fault := fault_of(value, limit=column.kind.limit, lost=lost):
        return [fault, value if fault == "error" else protection.mask(value), *none]
    return [None, protection.mask(value), *protection.take(value, row)]


def fault_of(value: str, *, limit: int, lost: bool) -> str | None:
    if value in EXCEL_ERRORS:
        return "error"
    if lost or SCIENTIFIC(value):
        return "digits_lost"
    if len(value) > limit:
        return "too_long"
    return "formula" if value.startswith("=") else None


def text_of(part) -> str:
    """A part in an array of PostgreSQL in a line of COPY."""
    if part is None:
        return "NULL"
    if type(part) is bytes:
        return rf'"\\\\x{part.hex()}"'
    return f'"{str(part).translate(IN_QUOTES)}"'


def without_numbers(text: str) -> str:
    """A header as it may be kept: of a file without one it is somebody's row."""
    return LONG_NUMBER.sub(lambda found: masked(found[0]), text)
