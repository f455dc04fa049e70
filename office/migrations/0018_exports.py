"""Lists taken away as files. Whoever asked for one sees it, and nobody else does: not their whole city either."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

MINE = "asked_by_id = acting_staff()"


class Migration(migrations.Migration):
    dependencies = [("office", "0017_imports_judged_once_and_taken_back")]

    operations = [
        migrations.CreateModel(
            name="Export",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("listed", models.CharField(max_length=60, verbose_name="list")),
                ("query_sealed", models.BinaryField()),
                ("extension", models.CharField(choices=[("xlsx", "Excel"), ("csv", "CSV")], max_length=4, verbose_name="format")),
                ("opened", models.BooleanField(default=False, verbose_name="numbers in full")),
                ("reason", models.CharField(blank=True, max_length=200, verbose_name="reason")),
                ("language", models.CharField(max_length=10)),
                ("address", models.CharField(blank=True, max_length=45)),
                ("stored_as", models.CharField(max_length=40, unique=True)),
                ("state", models.CharField(choices=[("waiting", "Being written"), ("done", "Ready"), ("failed", "Failed")], default="waiting", max_length=10, verbose_name="state")),
                ("error", models.CharField(blank=True, max_length=500, verbose_name="why")),
                ("rows", models.BigIntegerField(null=True, verbose_name="rows")),
                ("size", models.BigIntegerField(null=True, verbose_name="size")),
                ("created_at", models.DateTimeField(auto_now_add=True, verbose_name="asked at")),
                ("finished_at", models.DateTimeField(null=True, verbose_name="finished at")),
                ("forgotten_at", models.DateTimeField(null=True, verbose_name="file deleted at")),
                ("asked_by", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL, verbose_name="asked by")),
            ],
            options={
                "verbose_name": "export",
                "verbose_name_plural": "exports",
                "ordering": ["-id"],
                "permissions": [("export_lists", "Can take lists away as files")],
                "default_permissions": (),
            },
        ),
        migrations.AddConstraint(
            model_name="export",
            constraint=models.CheckConstraint(
                condition=models.Q(("opened", False), models.Q(("reason", ""), _negated=True), _connector="OR"),
                name="export_opened_for_a_reason",
            ),
        ),
        migrations.AlterField(
            "accessrecord",
            "act",
            models.CharField(
                choices=[
                    ("sign_in", "Signed in"),
                    ("sign_in_failed", "Failed to sign in"),
                    ("locked_out", "Locked out after failed sign-ins"),
                    ("unlocked", "Unlocked a sign-in"),
                    ("sign_out", "Signed out"),
                    ("session_ended", "Ended a session"),
                    ("second_factor", "Changed a second factor"),
                    ("password", "Changed a password"),
                    ("show", "Opened protected data"),
                    ("export", "Exported a list"),
                    ("export_opened", "Exported a list with protected data"),
                    ("download", "Downloaded a file"),
                    ("out_of_scope", "Asked for a record out of sight"),
                    ("refused", "Asked for a page without the right to it"),
                ],
                max_length=20,
                verbose_name="act",
            ),
        ),
        migrations.RunSQL("alter table office_export enable row level security", migrations.RunSQL.noop),
        migrations.RunSQL("alter table office_export force row level security", migrations.RunSQL.noop),
        migrations.RunSQL(
            "create policy owner on office_export to current_user using (true) with check (true)",
            migrations.RunSQL.noop,
        ),
        migrations.RunSQL(
            f"create policy ones_own on office_export using ({MINE}) with check ({MINE})",
            migrations.RunSQL.noop,
        ),
    ]
