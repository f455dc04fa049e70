"""A preview's findings are kept until they are applied, with what proves that they still hold."""

import django.contrib.postgres.indexes
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("office", "0016_pages_act_for_who_asked")]

    operations = [
        migrations.AddField(
            "importfile", "judged", models.JSONField(default=dict, editable=False)
        ),
        migrations.AddField("importrow", "fact", models.TextField(null=True, editable=False)),
        migrations.AddField("history", "transaction", models.BigIntegerField(null=True, editable=False)),
        migrations.RunSQL(
            "alter table office_history alter transaction set default pg_current_xact_id()::text::bigint",
            "alter table office_history alter transaction drop default",
        ),
        migrations.AddIndex(
            "history",
            django.contrib.postgres.indexes.BrinIndex(fields=["transaction"], name="history_of_transaction"),
        ),
    ]
