#!/usr/bin/env python
"""Django's command line; with nothing configured it brings its own database and broker."""

import os
import sys

from django.core.management import execute_from_command_line

from config.embedded import services
from config.processes import ServiceError
from office.management.commands.adjudicate import Command as Adjudicate


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


if __name__ == "__main__":
    main()
