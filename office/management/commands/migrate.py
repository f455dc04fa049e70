"""`migrate` as the owner of the city's schema, then the city, its rules and its roles from their sources."""

from django.conf import settings
from django.core.management.commands import migrate
from django.db import connections

from office.acting import acting
from office.approvals import load_chains
from office.comparison import load_thresholds
from office.groups import load_groups
from office.history import load_triggers
from office.models import Origin
from office.pinned_functions import pin_functions
from office.policy import load_shipped_packs
from office.schedule import load_due_days, load_schedule


class Command(migrate.Command):
    help = migrate.Command.help + " Then loads the city and the packs it ships with."

    def handle(self, *args, **options):
        connection = connections[options["database"]]
        worker = dict(connection.settings_dict)
        if settings.DATABASE_OWNER:
            connection.close()
            owner = {key: settings.DATABASE_OWNER[key] for key in ("USER", "PASSWORD")}
            without_role = {name: value for name, value in worker["OPTIONS"].items() if name != "options"}
            connection.settings_dict |= owner | {"OPTIONS": without_role}
        whole = not (options["plan"] or options["check_unapplied"] or options["app_label"])
        try:
            super().handle(*args, **options)
            if whole:
                load_triggers()
                pin_functions()
        finally:
            connection.close()
            connection.settings_dict |= {key: worker[key] for key in ("USER", "PASSWORD", "OPTIONS")}
        if whole:
            with acting(staff=None, origin=Origin.COMMAND_LINE, because="migrate"):
                load_shipped_packs(settings.CITY)
                load_groups()
                load_chains()
                load_schedule()
                load_due_days()
                load_thresholds()
