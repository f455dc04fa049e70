"""Named SQL statements: one file each in the `sql` folder of the room they belong to.

`@room/statement` in one of them stands for the other statement, in parentheses.
"""

import re
from functools import cache
from pathlib import Path

from django.conf import settings
from django.db import DEFAULT_DB_ALIAS, connection, connections
from psycopg import RawCursor

WITHIN = re.compile(r"@([a-z]+/[a-z_]+)")
PARAMETER = re.compile(r"%\((\w+)\)s|%%")


@cache
def statement(name: str) -> str:
    """The text of `<room>/sql/<statement>.sql`, asked for as "room/statement"."""
    room, file = name.split("/")
    text = (Path(settings.BASE_DIR) / room / "sql" / f"{file}.sql").read_text(encoding="utf-8")
    return WITHIN.sub(lambda found: f"(\n{statement(found[1])})", text)


def execute(name: str, **parameters) -> int:
    """Run a named statement with named parameters; return how many rows it touched."""
    with connection.cursor() as cursor:
        cursor.execute(statement(name), parameters)
        return cursor.rowcount


def prepared(name: str, **parameters) -> list[list[bytes | None]]:
    """Run a named statement that the connection plans once; its rows as texts. For what is asked often.

    Parameters go as texts too, whatever their size: one plan serves them all, and the driver takes longer
    over an array of tens of thousands than the database.
    """
    text, names = _numbered(name)
    here = connections[DEFAULT_DB_ALIAS]  # `connection` looks it up anew at every turn
    here.ensure_connection()
    with here.wrap_database_errors, RawCursor(here.connection) as cursor:
        cursor.execute(text, [_as_text(parameters[each]) for each in names], prepare=True)
        found = cursor.pgresult
        cells = range(found.nfields)
        return [[found.get_value(row, cell) for cell in cells] for row in range(found.ntuples)]


@cache
def _numbered(name: str) -> tuple[bytes, list[str]]:
    """A statement as the server takes it, with the names of its parameters in the order of their numbers."""
    names: list[str] = []

    def number(found: re.Match) -> str:
        if found[1] is None:
            return "%"
        if found[1] not in names:
            names.append(found[1])
        return f"${1 + names.index(found[1])}"

    return PARAMETER.sub(number, statement(name)).encode(), names


def _as_text(value) -> str | None:
    if value is None or type(value) is str:  # not a choice, which the driver would tell by its name
        return value
    return f"{{{','.join(map(str, value))}}}" if isinstance(value, list | tuple) else str(value)


def fetch(name: str, **parameters) -> list[tuple]:
    """Run a named statement and return its rows."""
    with connection.cursor() as cursor:
        cursor.execute(statement(name), parameters)
        return cursor.fetchall()
