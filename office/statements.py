"""Named SQL statements: one file each in the `sql` folder of the room they belong to.

`@room/statement` in one of them stands for the other statement, in parentheses.
"""

import re
from functools import cache
from pathlib import Path

from django.conf import settings
from django.db import connection

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


def fetch(name: str, **parameters) -> list[tuple]:
    """Run a named statement and return its rows."""
    with connection.cursor() as cursor:
        cursor.execute(statement(name), parameters)
        return cursor.fetchall()
