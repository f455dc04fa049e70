"""Named SQL statements: one file each in the `sql` folder of the room they belong to."""

from functools import cache
from pathlib import Path

from django.conf import settings
from django.db import connection


@cache
def statement(name: str) -> str:
    """The text of `<room>/sql/<statement>.sql`, asked for as "room/statement"."""
    room, file = name.split("/")
    return (Path(settings.BASE_DIR) / room / "sql" / f"{file}.sql").read_text(encoding="utf-8")


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
