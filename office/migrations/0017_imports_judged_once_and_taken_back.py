"""A preview's findings are kept until they are applied, with what proves that they still hold; and an import
can be taken back: sealed values it writes over are kept for that, by the trigger of the history."""

import django.contrib.postgres.indexes
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from office.append_only import revoke

STATES = [
    ("uploaded", "Uploaded"),
    ("checking", "Being checked"),
    ("checked", "Awaiting confirmation"),
    ("applying", "Being applied"),
    ("applied", "Applied"),
    ("refused", "Refused"),
    ("cancelled", "Cancelled"),
    ("undoing", "Being taken back"),
    ("undone", "Taken back"),
]


class Migration(migrations.Migration):
    dependencies = [("office", "0016_pages_act_for_who_asked")]

    operations = [
        migrations.AddField("importfile", "judged", models.JSONField(default=dict, editable=False)),
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
        migrations.AddField(
            "importfile", "content_digest", models.CharField(max_length=64, blank=True, editable=False)
        ),
        migrations.AlterField(
            "importfile",
            "state",
            models.CharField(choices=STATES, default="uploaded", max_length=10, verbose_name="state"),
        ),
        migrations.AddField(
            "importfile",
            "undone_by",
            models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="undone_imports",
                to=settings.AUTH_USER_MODEL,
                verbose_name="taken back by",
            ),
        ),
        migrations.AddField(
            "importfile", "undone_at", models.DateTimeField(null=True, verbose_name="taken back at")
        ),
        migrations.AddField(
            "importfile",
            "undo_reason",
            models.CharField(blank=True, max_length=200, verbose_name="reason for taking it back"),
        ),
        migrations.CreateModel(
            name="Overwritten",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("because", models.CharField(max_length=50)),
                ("model", models.CharField(max_length=50)),
                ("record", models.BigIntegerField()),
                ("old", models.JSONField()),
            ],
            options={
                "db_table": "office_overwritten",
                "default_permissions": [],
                "constraints": [
                    models.UniqueConstraint(fields=("because", "model", "record"), name="overwritten_once")
                ],
            },
        ),
        # Pages have no business there; only the triggers write it.
        revoke("insert, update", table="office_overwritten"),
        migrations.RunSQL(
            """
            do $$
            begin
                if exists (select from pg_roles where rolname = current_user || '_app') then
                    execute format('revoke all on office_overwritten from %I', current_user || '_app');
                end if;
            end
            $$
            """,
            migrations.RunSQL.noop,
        ),
    ]
