"""Deposits that a year end held and that are given back later."""

import django.db.models.deletion
import office.fields
from django.conf import settings
from django.db import migrations, models

from office.row_security import county_is_mine, protect

LINE_IS_MINE = f"""exists (
    select from settlement_yearend line
    join facilities_facility facility on facility.id = line.facility_id
    where line.id = year_end_id and {county_is_mine("facility.county_id")}
)"""

# It is taken back once, for a reason, and stays otherwise.
GUARD = """
create function settlement_guard_release() returns trigger language plpgsql as $$
begin
    if tg_op = 'UPDATE' and old.undone_by_id is null and (
        to_jsonb(new) - array['undone_by_id', 'undone_because']
        = to_jsonb(old) - array['undone_by_id', 'undone_because']
    ) then
        return new;
    end if;
    raise exception '% of the release of a deposit is refused', tg_op using errcode = 'restrict_violation';
end
$$
"""


class Migration(migrations.Migration):
    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
        ("settlement", "0041_years_stand"),
    ]

    operations = [
        migrations.CreateModel(
            name="DepositRelease",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("score", models.DecimalField(decimal_places=2, max_digits=6, verbose_name="assessment score")),
                ("released", office.fields.MoneyField(decimal_places=2, max_digits=14, verbose_name="deposit released")),
                ("kept", office.fields.MoneyField(decimal_places=2, max_digits=14, verbose_name="kept by the pool")),
                ("at", models.DateTimeField(auto_now_add=True, verbose_name="released at")),
                ("undone_because", models.CharField(blank=True, db_default="", max_length=200, verbose_name="taken back because")),
                ("by", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL, verbose_name="by")),
                ("undone_by", models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL, verbose_name="taken back by")),
                ("year_end", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="releases", to="settlement.yearend", verbose_name="year-end line")),
            ],
            options={
                "verbose_name": "late release of a deposit",
                "verbose_name_plural": "late releases of deposits",
                "permissions": [("release_deposit", "Can release held deposits")],
                "default_permissions": (),
            },
        ),
        migrations.AddConstraint(
            model_name="depositrelease",
            constraint=models.UniqueConstraint(condition=models.Q(("undone_by", None)), fields=("year_end",), name="deposit_released_once"),
        ),
        migrations.AddConstraint(
            model_name="depositrelease",
            constraint=models.CheckConstraint(condition=models.Q(("kept__gte", 0), ("released__gte", 0)), name="deposit_release_not_negative"),
        ),
        migrations.AddConstraint(
            model_name="depositrelease",
            constraint=models.CheckConstraint(condition=models.Q(models.Q(("undone_because", ""), ("undone_by", None)), models.Q(("undone_by__isnull", False), models.Q(("undone_because", ""), _negated=True)), _connector="OR"), name="deposit_release_undone_for_a_reason"),
        ),
        *protect("settlement_depositrelease", mine=LINE_IS_MINE),
        migrations.RunSQL(GUARD, "drop function settlement_guard_release()"),
        migrations.RunSQL(
            """
            create trigger refuse_change before update or delete on settlement_depositrelease
            for each row execute function settlement_guard_release()
            """,
            "drop trigger refuse_change on settlement_depositrelease",
        ),
        migrations.RunSQL(
            """
            create trigger refuse_truncate before truncate on settlement_depositrelease
            for each statement execute function office_refuse_change()
            """,
            "drop trigger refuse_truncate on settlement_depositrelease",
        ),
    ]
