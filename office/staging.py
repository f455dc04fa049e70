"""From the stored file to staged rows: the reader runs as a child, its rows are protected and go to COPY.

The reader works on what anybody may have sent, so it gets no keys: it hands the cells that no table may hold
over, and `office/protecting.py` replaces them here.
"""

import contextlib
import itertools
import json
import subprocess
import sys
import threading
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import BinaryIO

from django.conf import settings
from django.db import connection
from django.utils.translation import gettext, gettext_noop

from office.layouts import Layout
from office.models import ImportFile
from office.protecting import apart, protect, without_numbers
from office.uploads import opened

READER = Path(__file__).with_name("reading.py")
MAX_MEMORY = 900 * 1024 * 1024
MAX_CPU_SECONDS = 120
MAX_SECONDS = 300
MAX_COLUMNS = 200


class Refused(Exception):
    """The file as a whole cannot be taken; the message is an msgid, kept with its values for any language."""

    def __init__(self, message: str, **values):
        super().__init__(message, values)
        self.message, self.values = message, values

    def __str__(self):
        return gettext(self.message) % self.values

    def as_json(self) -> dict:
        return {"message": self.message, "values": self.values}


def stage(import_file: ImportFile, *, layout: Layout) -> None:
    """Read the file into the table `staged` and its header into `import_file`, or raise Refused."""
    order = {
        "apart": apart(layout),
        "hidden": [column.header for column in layout.protected],
        "required": [column.header for column in layout.columns if column.required],
    }
    name_connection(import_file)
    with reading(import_file, layout=layout, order=order) as lines:
        if first := lines.readline():
            header = json.loads(first)
            check_header(header, layout=layout)
            import_file.header = header
            copy_rows(protect(lines, layout=layout, header=header))


def name_connection(import_file: ImportFile) -> None:
    """Have the server say whose rows this connection copies, until the transaction ends."""
    with connection.cursor() as cursor:
        cursor.execute("select set_config('application_name', %s, true)", [f"import {import_file.pk}"])


def rows_read(import_file: ImportFile) -> int:
    """How many rows another connection has staged by now; 0 when it is not at that, or is done with it."""
    with connection.cursor() as cursor:
        cursor.execute(ROWS_READ, [f"import {import_file.pk}"])
        return cursor.fetchone()[0]


@contextlib.contextmanager
def rows_as_sent(
    import_file: ImportFile, *, layout: Layout, numbers: list[int]
) -> Iterator[tuple[str, list[str], Iterator[list[str]]]]:
    """From the stored file: the name of its sheet, the headers as they are, all cells of these rows."""
    with reading(import_file, layout=layout, order={"rows": numbers}) as lines:
        sheet, titles = json.loads(lines.readline())
        yield sheet, titles, (json.loads(line)[1] for line in lines)


@contextlib.contextmanager
def reading(import_file: ImportFile, *, layout: Layout, order: dict) -> Iterator[BinaryIO]:
    """What the reader says of the stored file; raises Refused when it refuses it."""
    with opened(import_file.stored_as) as file:
        order = order | {
            "named_workbook": import_file.name.lower().endswith(".xlsx"),
            "path": f"/dev/fd/{file.fileno()}",
            "kinds": {column.header: column.kind.cleaning for column in layout.columns},
            "max_rows": settings.IMPORT_MAX_ROWS,
            "max_columns": MAX_COLUMNS,
            "max_unpacked": settings.IMPORT_MAX_UNPACKED_BYTES,
            "max_memory": MAX_MEMORY,
            "max_seconds": MAX_CPU_SECONDS,
        }
        child = subprocess.Popen(
            [sys.executable, "-I", str(READER)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            pass_fds=[file.fileno()],
            env={"PYTHONUTF8": "1", "LC_ALL": "C.UTF-8"},
        )
    clock = threading.Timer(MAX_SECONDS, child.kill)
    clock.start()
    try:
        child.stdin.write(json.dumps(order).encode() + b"\n")
        child.stdin.close()
        yield child.stdout
        said = child.stderr.read()
        if child.wait():
            raise refusal_of(said)
    finally:
        clock.cancel()
        child.kill()
        child.wait()
        child.stdout.close()
        child.stderr.close()


def copy_rows(lines: Iterable[bytes]) -> None:
    with connection.cursor() as cursor, cursor.copy(COPY_ROWS) as copy:
        for block in batched(lines, 500):
            copy.write(b"".join(block))


def batched(lines: Iterable[bytes], size: int) -> Iterator[list[bytes]]:
    lines = iter(lines)
    return iter(lambda: list(itertools.islice(lines, size)), [])


def check_header(header: list[str], *, layout: Layout) -> None:
    # Of a file without a header the first row is somebody's.
    named = [without_numbers(name) for name in header if name]
    twice = sorted({name for name in named if named.count(name) > 1})
    if twice:
        raise Refused(DUPLICATE_HEADERS, headers="、".join(twice))
    missing = [column.header for column in layout.columns if column.required and column.header not in header]
    if missing:
        raise Refused(
            MISSING_HEADERS,
            missing="、".join(missing),
            found="、".join(name[:40] for name in named[:40]),
            expected="、".join(column.header + "*" * column.required for column in layout.columns),
        )


def refusal_of(said: bytes) -> Refused:
    """What the reader said before it ended; when it said nothing the kernel stopped it."""
    try:
        answer = json.loads(said.decode().strip().splitlines()[-1])
        return Refused(MESSAGES[answer["fault"]], **answer["values"])
    except (ValueError, IndexError, KeyError):
        return Refused(MESSAGES["too_much_memory"])


COPY_ROWS = "copy staged from stdin"
ROWS_READ = """
    select coalesce(max(tuples_processed), 0)
    from pg_stat_progress_copy
    join pg_stat_activity using (pid)
    where application_name = %s
"""

DUPLICATE_HEADERS = gettext_noop("Columns with the same header: %(headers)s. Each header may appear once.")
MISSING_HEADERS = gettext_noop(
    "The first row must hold the headers. Missing: %(missing)s. Found: %(found)s."
    " Expected: %(expected)s (* required)."
)
MESSAGES = {
    "empty": gettext_noop("The file is empty."),
    "no_rows": gettext_noop("The file has headers but no rows."),
    "program": gettext_noop("This is a program, not a table, whatever its name says."),
    "text_named_workbook": gettext_noop(
        "The name ends in .xlsx, but this is a text without the headers expected, not an Excel workbook: open"
        " the table in Excel and save it as .xlsx, or give a .csv with its headers."
    ),
    "not_a_table": gettext_noop("This is neither an Excel workbook (.xlsx) nor a text table (.csv)."),
    "old_excel": gettext_noop(
        "This is an old or binary Excel format (.xls, .xlsb): save it as .xlsx and upload again."
    ),
    "encrypted": gettext_noop("The workbook is protected by a password: remove it and upload again."),
    "macros": gettext_noop(
        "The workbook contains macros (.xlsm): save it as .xlsx without macros and upload again."
    ),
    "declares_entities": gettext_noop(
        "The file declares XML document types or entities, which Excel never writes."
    ),
    "unpacks_too_large": gettext_noop("The file unpacks to more than %(limit)s MB."),
    "too_many_rows": gettext_noop("The file has more than %(limit)s rows: split it."),
    "too_many_columns": gettext_noop("The file has more than %(limit)s columns."),
    "header_below": gettext_noop(
        "The headers stand in row %(row)s: delete the rows above it, so that they are the first row."
    ),
    "merged_header": gettext_noop(
        "Headers are merged (%(cells)s): unmerge them, so that each column has a header of its own."
    ),
    "unknown_encoding": gettext_noop("The text is neither UTF-8 nor GBK."),
    "damaged": gettext_noop("The file is damaged and cannot be read: %(detail)s"),
    "too_much_memory": gettext_noop(
        "Reading the file takes too much memory or time: remove stray cells far from the table,"
        " or save it as .csv."
    ),
}
