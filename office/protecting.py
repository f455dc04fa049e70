"""Between the reader of a file and its staging: cells that no table may hold are judged and protected.

Of each protected column is staged what was wrong with the cell, its mask, and the parts its kind asks for;
the place of the cell itself stays empty. Only this and `Protection.take` ever see the value.
"""

import json
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
    if not layout.protected:
        for line in lines:
            yield line[1:-1] + b"\t{}\n"
        return
    fields = [column.field for column in layout.columns if column.header in apart(layout)]
    own = {column.field for column in layout.protected if column.kind.protection.bound_to == column.field}
    # Those that others are bound to come first.
    ordered = [
        (column, fields.index(column.field), fields.index(column.kind.protection.bound_to), place)
        for column in sorted(layout.protected, key=lambda column: column.field not in own)
        for place in [header.index(column.header) + 1 if column.header in header else None]
    ]
    for line in lines:
        cells, _tab, row = line.partition(b"\t")
        imprecise = row.rsplit(b"\t", 2)[1]
        lost = () if imprecise == b"{}" else json.loads(b"[" + imprecise[1:-1] + b"]")
        values = cells.decode().split(BETWEEN)
        kept, first = {}, {}
        for column, at, of, place in ordered:
            value = values[at]
            if not value.isprintable():
                value = value.translate(CONTROL)
            binding = first[fields[of]] if fields[of] in first else values[of].upper()
            parts = staged(column, value, row=binding, lost=place in lost)
            if column.field in own:
                first[column.field] = parts[2] or ""
            kept[column.field] = parts
        listed = [
            "NULL" if part is None else rf'"\\\\x{part.hex()}"' if type(part) is bytes else text_of(part)
            for column in layout.protected
            for part in kept[column.field]
        ]
        yield b"%b\t{%b}\n" % (row[:-1], ",".join(listed).encode())


def staged(column: Column, value: str, *, row: bytes | str, lost: bool) -> list:
    """Fault, mask and parts of one cell."""
    protection = column.kind.protection
    if not value:
        return [None] * (2 + len(protection.parts))
    if fault := fault_of(value, limit=column.kind.limit, lost=lost):
        mask = value if fault == "error" else protection.mask(value)
        return [fault, mask] + [None] * len(protection.parts)
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
    text = str(part)
    return f'"{text}"' if text.isalnum() else f'"{text.translate(IN_QUOTES)}"'


def without_numbers(text: str) -> str:
    """A header as it may be kept: of a file without one it is somebody's row."""
    return LONG_NUMBER.sub(lambda found: masked(found[0]), text)
