"""`manage.py setup_database_roles`: prepare a PostgreSQL server of your own for one city."""

import os

import psycopg
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from office.city_schema import set_up_city_schema


class Command(BaseCommand):
    """Create the database, extensions, roles, schema and rights of the city; safe to repeat."""

    help = (
        "Create the city's schema and its three roles, as a superuser of the server. Passwords are read "
        "from DATABASE_OWNER_PASSWORD and DATABASE_APP_PASSWORD. Nothing that exists is removed."
    )
    requires_system_checks = []  # the portal's own roles need not exist yet

    def add_arguments(self, parser: CommandParser) -> None:
        """Where to connect, and for which city."""
        parser.add_argument(
            "--admin-url", required=True, help="postgres://superuser:password@host:port/postgres"
        )
        parser.add_argument("--database", default="gongji", help="created when missing (default: gongji)")
        parser.add_argument("--city", default=settings.CITY, help="six-digit code (default: CITY)")

    def handle(self, *, admin_url: str, database: str, city: str, **options) -> None:
        """Raises CommandError with the server's reason when it refuses."""
        passwords = {
            "owner_password": os.environ.get("DATABASE_OWNER_PASSWORD"),
            "app_password": os.environ.get("DATABASE_APP_PASSWORD"),
        }
        try:
            set_up_city_schema(admin_url, city=city, database=database, **passwords)
        except (psycopg.Error, ValueError) as error:
            raise CommandError(f"The city was not set up: {error}") from error
        self.stdout.write(
            f"Database {database} is ready for city {city}.\n"
            f"  DATABASE_URL        role c{city}_app\n"
            f"  DATABASE_OWNER_URL  role c{city} (for `manage.py migrate`)"
        )
        for variable in ("DATABASE_OWNER_PASSWORD", "DATABASE_APP_PASSWORD"):
            if variable not in os.environ:
                self.stdout.write(f"  {variable} is not set: that role's password was left as it is.")
