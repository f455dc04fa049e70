"""What late news about closed accounts came to, seen where the person is."""

import django.db.models.deletion
import django.db.models.functions.datetime
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models

import office.fields
from office.append_only import append_only
from office.row_security import protect


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0034_uses_of_a_file_are_split"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="LateSettlement",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("amount", office.fields.MoneyField(decimal_places=2, max_digits=14, verbose_name="amount")),
                ("reason", models.CharField(max_length=200, verbose_name="reason")),
                ("evidence", models.CharField(max_length=100, verbose_name="evidence number")),
                (
                    "entered_at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(),
                        default=django.utils.timezone.now,
                        verbose_name="entered at",
                    ),
                ),
                (
                    "account",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="late_settlements",
                        to="accounts.account",
                        verbose_name="account",
                    ),
                ),
                (
                    "entered_by",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="entered by",
                    ),
                ),
            ],
            options={
                "verbose_name": "late news settled after closing",
                "verbose_name_plural": "late news settled after closing",
            },
        ),
        migrations.AddConstraint(
            model_name="latesettlement",
            constraint=models.CheckConstraint(
                condition=models.Q(models.Q(("reason", ""), _negated=True), models.Q(("evidence", ""), _negated=True)),
                name="late_settlement_is_founded",
            ),
        ),
        *append_only("accounts_latesettlement"),
        *protect(
            "accounts_latesettlement",
            mine="exists (select from accounts_account account where account.id = account_id)",
        ),
    ]
