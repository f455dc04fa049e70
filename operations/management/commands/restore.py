"""`manage.py restore`: have the city again from a backup."""

import os
import sys
from pathlib import Path

import psycopg
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from operations.postgres_tools import NoSuchTool
from operations.restore import RestoreRefused, restore


class Command(BaseCommand):
    help = (
        "Restore a backup into an empty server: database, roles, rights, tables and uploads. Checks every "
        "file first, then the rows of each table and the books. Exit status 1 if anything differs."
    )
    requires_system_checks = []  # there may be no database yet

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("folder", type=Path, help="the backup: a folder with a manifest.json")
        parser.add_argument(
            "--admin-url",
            default=os.environ.get("DATABASE_ADMIN_URL"),
            help="postgres://superuser:password@host:port/postgres, of the server DATABASE_URL names",
        )
        parser.add_argument(
            "--replace", action="store_true", help="set aside what is there; the city's code is asked for"
        )

    def handle(self, *, folder: Path, admin_url: str | None, replace: bool, **options) -> None:
        """Raises CommandError when nothing was restored."""
        if not admin_url:
            raise CommandError("Give --admin-url, or set DATABASE_ADMIN_URL: roles are made by a superuser.")
        if replace:
            self._confirm()
        try:
            differences = restore(folder, admin_url=admin_url, replace=replace, say=self.stdout.write)
        except (RestoreRefused, NoSuchTool, psycopg.Error, OSError) as error:
            raise CommandError(f"Nothing was restored: {error}") from error
        if differences:
            self.stderr.write("It was restored, but it is not what was backed up:")
            for difference in differences:
                self.stderr.write(f"  {difference}")
            sys.exit(1)
        self.stdout.write("Restored. Every table has the rows it had, and the books are proved.")

    def _confirm(self) -> None:
        self.stdout.write(f"All that city {settings.CITY} holds in this database is to be set aside.")
        if input("Type the city's code to go on: ").strip() != settings.CITY:
            raise CommandError("Nothing was restored: the code was not given.")
