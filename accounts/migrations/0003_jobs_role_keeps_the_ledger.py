"""The role that does the jobs may change posted money as little as the one that serves pages."""

from django.db import migrations

from office.append_only import revoke


class Migration(migrations.Migration):
    dependencies = [("accounts", "0002_guard_the_ledger"), ("office", "0005_access_records")]

    operations = [
        revoke("update, delete, truncate", table="accounts_transfer"),
        revoke("delete, truncate", table="accounts_account"),
    ]
