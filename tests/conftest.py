"""Every test that needs the database runs on a real PostgreSQL of its own, as the portal's own role.

`db` rolls back after each test; `committed` is for threads and processes: it commits, and is cleaned after.
"""

import psycopg
import pytest
import redis
from django.conf import settings
from django.core.management import call_command

from tests.services import CITY, DATABASE, postgres

# What `migrate` loads stays for all tests.
KEPT = (
    "django_migrations",
    "django_content_type",
    "auth_permission",
    "auth_group",
    "auth_group_permissions",
    "office_approvalchain",
    "office_city",
    "office_county",
    "office_dueday",
    "monitoring_indicatorlimit",
    "monitoring_rulesetting",
    "settlement_claimstep",
    "office_exclusiveroles",
    "office_policyversion",
    "office_threshold",
    "office_staff",  # versions name who approved them: emptied by DELETE instead
    "django_celery_beat%",
)


# What takes longest begins first, so that both processes end together.
LONG = ("browser/", "flows/", "config/test_portal.py", "office/test_posting_survives.py", "_model.py")


def pytest_configure():
    settings.PASSWORD_HASHERS = ["tests.hashing.QuickHasher"]


def pytest_collection_modifyitems(items):
    items.sort(key=lambda item: next((n for n, part in enumerate(LONG) if part in item.nodeid), len(LONG)))


@pytest.fixture(scope="session")
def django_db_setup(django_db_blocker):
    with django_db_blocker.unblock():
        call_command("migrate", verbosity=0)


@pytest.fixture
def committed(django_db_setup, django_db_blocker):
    """The database as other processes see it too; emptied after the test."""
    from django.db import connections

    with django_db_blocker.unblock():
        yield
        connections.close_all()
    empty_the_city()
    redis.Redis.from_url(settings.REDIS_URL).flushall()


@pytest.fixture
def administrator():
    """A connection as the server's superuser, who may do what the portal may not."""
    with psycopg.connect(postgres.conninfo(database=DATABASE), autocommit=True) as connection:
        connection.execute(f"set search_path = c{CITY}, ext")
        yield connection


def empty_the_city() -> None:
    """Truncate what tests wrote, past the triggers that rightly refuse it to everybody else."""
    with psycopg.connect(postgres.conninfo(database=DATABASE)) as connection:
        tables = connection.execute(
            "select format('%%I.%%I', schemaname, tablename) from pg_tables"
            " where schemaname = %s and not tablename like any(%s)",
            [f"c{CITY}", list(KEPT)],
        ).fetchall()
        connection.execute("set session_replication_role = replica")
        connection.execute(f"truncate {', '.join(name for (name,) in tables)} restart identity")
        connection.execute(f"set search_path = c{CITY}, ext")
        connection.execute("delete from office_policyversion where base_id is not null")
        connection.execute("delete from office_staff")
        connection.execute("alter table office_staff alter id restart")
