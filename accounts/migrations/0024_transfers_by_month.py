"""A way to the transfers of a month, or of a year."""

from django.db import migrations

class Migration(migrations.Migration):
    dependencies = [("accounts", "0021_applications_are_guarded")]

    operations = [
        # Transfers lie in the order of their accounting months, or nearly so.
        migrations.RunSQL(
            "create index transfer_in_month on accounts_transfer using brin (month) with (autosummarize = on)",
            "drop index transfer_in_month",
        ),
    ]
