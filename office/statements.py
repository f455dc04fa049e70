"""Named SQL statements: one file each in the `sql` folder of the room they belong to.

`@room/statement` in one of them stands for the other statement, in parentheses.
"""

import re
from functools import cache
from pathlib import Path

from django.conf import settings
from django.db import connection
from psycopg import Cursor

WITHIN = re.compile(r"@([a-z]+/[a-z_]+)")


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
    """Run a named statement that the connection plans once; its rows as texts. For what is asked often."""
    connection.ensure_connection()
    with connection.wrap_database_errors, Cursor(connection.connection) as cursor:
        cursor.execute(statement(name), parameters, prepare=True)
        found = cursor.pgresult
        return [[found.get_value(row, cell) for cell in range(found.nfields)] for row in range(found.ntuples)]


def fetch(name: str, **parameters) -> list[tuple]:
    """Run a named statement and return its rows."""
    with connection.cursor() as cursor:
        cursor.execute(statement(name), parameters)
        return cursor.fetchall()
