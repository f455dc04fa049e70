"""The register of printed documents, and exports that are a document of each record of a list."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import office.fields
import office.models.document
from office.append_only import append_only
from office.row_security import county_is_mine, protect

LETTERS = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"


class Migration(migrations.Migration):
    dependencies = [("office", "0040_due_days")]

    operations = [
        migrations.CreateModel(
            name="Document",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("code", models.CharField(default=office.models.document.random_code, max_length=12, unique=True, verbose_name="verification code")),
                ("kind", models.CharField(max_length=30, verbose_name="kind")),
                ("subject", models.CharField(max_length=60, verbose_name="kind of record")),
                ("record", models.BigIntegerField(verbose_name="number of the record")),
                ("part", models.CharField(blank=True, max_length=10, verbose_name="part")),
                ("title", models.CharField(max_length=100, verbose_name="document")),
                ("number", models.CharField(max_length=100, verbose_name="number")),
                ("amount", office.fields.MoneyField(decimal_places=2, max_digits=14, null=True, verbose_name="amount")),
                ("digest", models.CharField(max_length=64, verbose_name="digest")),
                ("language", models.CharField(max_length=10, verbose_name="language")),
                ("county", models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, to="office.county", verbose_name="county")),
                ("by", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL, verbose_name="printed by")),
                ("at", models.DateTimeField(auto_now_add=True, verbose_name="printed at")),
            ],
            options={
                "verbose_name": "printed document",
                "verbose_name_plural": "printed documents",
                "ordering": ["-id"],
                "default_permissions": ("view",),
                "indexes": [models.Index(fields=["subject", "record"], name="document_of_record")],
                "constraints": [
                    models.CheckConstraint(condition=models.Q(("code__regex", f"^[{LETTERS}]{{12}}$")), name="document_code_is_readable"),
                    models.CheckConstraint(condition=models.Q(("digest__regex", "^[0-9a-f]{64}$")), name="document_has_a_digest"),
                ],
            },
        ),
        *append_only("office_document"),
        *protect("office_document", mine=county_is_mine()),
        migrations.AddField("export", "paper", models.CharField(blank=True, db_default="", max_length=30)),
        migrations.AddField("export", "part", models.CharField(blank=True, db_default="", max_length=10)),
        migrations.AlterField(
            "export",
            "extension",
            models.CharField(
                choices=[("xlsx", "Excel"), ("csv", "CSV"), ("pdf", "PDF"), ("zip", "PDFs in a .zip")],
                max_length=4,
                verbose_name="format",
            ),
        ),
        migrations.AddConstraint(
            "export",
            models.CheckConstraint(
                condition=models.Q(("extension__in", ["xlsx", "csv"]), ("paper", ""))
                | (models.Q(("extension__in", ["pdf", "zip"]), ("opened", False)) & ~models.Q(("paper", ""))),
                name="export_of_a_list_or_its_papers",
            ),
        ),
    ]
