"""What was done to people's records is kept, and two records of one person may be merged."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import insured.models
import office.fields
from office.append_only import append_only
from office.row_security import protect

PERSON_IS_MINE = "exists (select from insured_person person where person.id = person_id)"

# A person belongs to the county of the latest spell there is: also after a later one was taken away.
KEEP_COUNTY_OF_LEFT = """
create function insured_keep_county_of_left() returns trigger language plpgsql security definer as $$
begin
    execute $sql$
        update insured_person person
        set county_id = latest.county_id
        from (
            select distinct on (spell.person_id) spell.person_id, spell.county_id
            from insured_enrolment spell
            where spell.person_id in (select person_id from gone)
            order by spell.person_id, spell.first_month desc, spell.id desc
        ) latest
        where person.id = latest.person_id and person.county_id is distinct from latest.county_id
    $sql$;
    return null;
end
$$
"""

# Nothing is entered any more for a record that another one goes on for. Only a handful are ever merged.
REFUSE_MERGED = """
create function insured_refuse_merged() returns trigger language plpgsql security definer as $$
begin
    if exists (select from entered where person_id in (
        select id from insured_person where merged_into_id is not null
    )) then
        raise exception 'this record of a person was merged into another'
            using errcode = 'restrict_violation', constraint = 'person_merged';
    end if;
    return null;
end
$$
"""


class Migration(migrations.Migration):
    dependencies = [
        ("insured", "0007_forget_plain_numbers"),
        ("office", "0016_pages_act_for_who_asked"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="PersonChange",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("retired", "Retired"),
                            ("returned", "Back at work"),
                            ("suspended", "Insurance suspended"),
                            ("resumed", "Insurance resumed"),
                            ("changed", "Terms changed"),
                            ("died", "Died"),
                            ("emigrated", "Emigrated"),
                            ("conscripted", "Conscripted"),
                            ("moved_out", "Moved out of the province"),
                            ("moved_inside", "Moved inside the province"),
                            ("ended", "Ended for another reason"),
                            ("merged", "Another record merged into this one"),
                            ("undone", "Change undone"),
                        ],
                        max_length=12,
                        verbose_name="kind",
                    ),
                ),
                ("first_month", office.fields.MonthField(null=True, verbose_name="from month")),
                ("day", models.DateField(null=True, verbose_name="day")),
                ("reason", models.CharField(max_length=200, verbose_name="reason")),
                ("at", models.DateTimeField(auto_now_add=True, verbose_name="at")),
                ("import_id", models.BigIntegerField(null=True, verbose_name="import")),
                ("before", models.JSONField(decoder=insured.models.ExactNumbers)),
                ("after", models.JSONField(decoder=insured.models.ExactNumbers)),
            ],
            options={
                "verbose_name": "change of a person's record",
                "verbose_name_plural": "changes of people's records",
                "ordering": ["-id"],
            },
        ),
        migrations.AlterModelOptions(
            name="person",
            options={
                "permissions": [
                    ("show_person", "Can open identity numbers and phones"),
                    ("merge_person", "Can merge two records of one person"),
                ],
                "verbose_name": "insured person",
                "verbose_name_plural": "insured people",
            },
        ),
        migrations.AddField(
            model_name="person",
            name="merged_into",
            field=models.ForeignKey(
                db_index=False,
                editable=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="merged",
                to="insured.person",
                verbose_name="merged into",
            ),
        ),
        migrations.AddIndex(
            model_name="person",
            index=models.Index(
                condition=models.Q(("merged_into__isnull", False)),
                fields=["merged_into"],
                name="person_merged",
            ),
        ),
        migrations.AddField(
            model_name="personchange",
            name="by",
            field=models.ForeignKey(
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
                verbose_name="by",
            ),
        ),
        migrations.AddField(
            model_name="personchange",
            name="person",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="changes",
                to="insured.person",
                verbose_name="insured person",
            ),
        ),
        migrations.AddField(
            model_name="personchange",
            name="undoes",
            field=models.OneToOneField(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="undone",
                to="insured.personchange",
                verbose_name="undoes",
            ),
        ),
        migrations.AddIndex(
            model_name="personchange",
            index=models.Index(fields=["person", "id"], name="change_of_person"),
        ),
        migrations.AddConstraint(
            model_name="personchange",
            constraint=models.CheckConstraint(
                condition=models.Q(("first_month__day", 1)), name="person_change_first_of_month"
            ),
        ),
        migrations.AddConstraint(
            model_name="personchange",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("day__isnull", False),
                        (
                            "kind__in",
                            ("died", "emigrated", "conscripted", "moved_out", "moved_inside", "ended"),
                        ),
                    ),
                    models.Q(
                        models.Q(
                            (
                                "kind__in",
                                ("died", "emigrated", "conscripted", "moved_out", "moved_inside", "ended"),
                            ),
                            _negated=True,
                        ),
                        ("day__isnull", True),
                    ),
                    _connector="OR",
                ),
                name="person_change_ending_has_its_day",
            ),
        ),
        migrations.AddConstraint(
            model_name="personchange",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("kind", "undone"), ("undoes__isnull", False)),
                    models.Q(models.Q(("kind", "undone"), _negated=True), ("undoes__isnull", True)),
                    _connector="OR",
                ),
                name="person_change_undone_names_what",
            ),
        ),
        *protect("insured_personchange", mine=PERSON_IS_MINE),
        *append_only("insured_personchange"),
        migrations.RunSQL(
            """
            create trigger demand_own_name before insert on insured_personchange
            for each row execute function office_demand_own_name('by_id')
            """,
            "drop trigger demand_own_name on insured_personchange",
        ),
        migrations.RunSQL(KEEP_COUNTY_OF_LEFT, "drop function insured_keep_county_of_left"),
        migrations.RunSQL(
            """
            create trigger keep_county_of_left after delete on insured_enrolment
            referencing old table as gone for each statement execute function insured_keep_county_of_left()
            """,
            "drop trigger keep_county_of_left on insured_enrolment",
        ),
        migrations.RunSQL(REFUSE_MERGED, "drop function insured_refuse_merged"),
        *(
            migrations.RunSQL(
                f"""
                create trigger refuse_merged after insert on {table}
                referencing new table as entered for each statement execute function insured_refuse_merged()
                """,
                f"drop trigger refuse_merged on {table}",
            )
            for table in ("insured_enrolment", "insured_selection")
        ),
    ]
