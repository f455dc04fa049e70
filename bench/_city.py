"""A throw-away city of a million people for the benches, entered by SQL."""

import contextlib
import os
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg

CITY = "441600"


@contextlib.contextmanager
def city(*, people: int) -> Iterator[None]:
    """An embedded server of its own (durable settings as in production), migrated, with `people` insured."""
    from config.embedded import DATABASE, in_use
    from config.postgres import postgres_at
    from config.processes import LOCALE
    from office.city_schema import set_up_city_schema

    with tempfile.TemporaryDirectory(prefix="gongji-bench-") as folder:
        directory = Path(folder)
        directory.chmod(0o711)
        with in_use("postgres", directory, throw_away=False):
            server = postgres_at(directory)
            set_up_city_schema(server.conninfo(), city=CITY, database=DATABASE, locale=LOCALE)
            os.environ.update(
                CITY=CITY,
                DEMO="1",
                DJANGO_SETTINGS_MODULE="config.settings",
                LOG_LEVEL="WARNING",
                DATABASE_URL=server.url(f"c{CITY}_app", DATABASE),
                DATABASE_OWNER_URL=server.url(f"c{CITY}", DATABASE),
                REDIS_URL="redis://127.0.0.1:1/0",
                DATA_DIR=folder,
            )
            import django
            from django.core.management import call_command

            django.setup()
            call_command("migrate", verbosity=0)
            insure(people)
            yield


@contextlib.contextmanager
def owner() -> Iterator[psycopg.Connection]:
    """A connection as the owner of the city's schema, who may create tables."""
    with psycopg.connect(os.environ["DATABASE_OWNER_URL"], autocommit=True) as connection:
        yield connection


def insure(people: int, *, after: int = 0) -> None:
    """Enter `people` beside the `after` that are there."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(
            "insert into insured_person"
            " (document_type, document_index, document_sealed, document_tail_index, name, sex)"
            " select '99', decode(md5(n::text), 'hex'), '', decode(md5((n %% 10000)::text), 'hex'),"
            " '甲' || n, '' from generate_series(%s, %s) n",
            [after + 1, after + people],
        )
        cursor.execute(
            "insert into insured_enrolment"
            " (person_id, scheme, status, retirement_group, base, county_id, first_month)"
            " select id, '310', case when id %% 4 = 0 then 'retired' else 'active' end,"
            " case when id %% 4 = 0 then 'enterprise' else '' end, 2000 + (id %% 400000) / 100.0,"
            " (select min(id) from office_county), '2022-01-01' from insured_person where id > %s",
            [after],
        )
        cursor.execute("vacuum analyze")


@contextlib.contextmanager
def timed(label: str, into: dict[str, float]) -> Iterator[None]:
    started = time.perf_counter()
    yield
    into[label] = time.perf_counter() - started
