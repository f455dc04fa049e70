"""What is only ever written to is kept so twice: by a trigger, whoever asks, and by missing rights."""

import psycopg
import pytest
from django.db import connection

TABLES = [
    "accounts_transfer",
    "insured_personchange",
    "office_accessrecord",
    "office_periodevent",
    "office_runapproval",
    "office_runevent",
    "settlement_headcount",
    "settlement_headcountline",
]


@pytest.mark.usefixtures("django_db_setup")
@pytest.mark.parametrize("table", TABLES)
@pytest.mark.parametrize(
    "act", ["update {table} set id = id", "delete from {table}", "truncate {table} cascade"]
)
def test_the_trigger_refuses_even_the_servers_superuser(administrator, table, act):
    with pytest.raises(psycopg.errors.RestrictViolation), administrator.transaction(force_rollback=True):
        administrator.execute(act.format(table=table))


@pytest.mark.parametrize("role", ["c441600_app", "c441600_jobs"])
@pytest.mark.parametrize("table", TABLES)
def test_neither_pages_nor_jobs_have_the_right(db, role, table):
    with connection.cursor() as cursor:
        cursor.execute("select has_table_privilege(%s, %s, 'update, delete, truncate')", [role, table])
        assert cursor.fetchone() == (False,)
