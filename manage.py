#!/usr/bin/env python
"""Django's command line; with nothing configured it brings its own database and broker."""

import os
import sys

from django.core.management import execute_from_command_line
from django.db import ProgrammingError

from config.embedded import services
from config.processes import ServiceError
from office.management.commands.adjudicate import Command as Adjudicate

UNDEFINED_TABLE = "42P01"


def main() -> None:
    """Run the command with the services it needs around it; a trial reads files only and needs none."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    if sys.argv[1:2] == ["adjudicate"]:
        Adjudicate().run_from_argv(sys.argv)
        return
    try:
        with services():
            execute_from_command_line(sys.argv)
    except ServiceError as error:
        sys.exit(f"{error}")
    except ProgrammingError as error:
        if getattr(error.__cause__, "sqlstate", None) != UNDEFINED_TABLE:
            raise
        sys.exit(
            "The city's tables are not there, or not up to date: run `make demo` or `manage.py migrate`."
        )


if __name__ == "__main__":
    main()
