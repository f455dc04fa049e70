"""Who sees which county, and which roles exclude each other; both held by the database."""

import django.db.models.deletion
from django.db import migrations, models

import office.models.agency
from office.row_security import FUNCTIONS, protect

# Under whatever sign-ins: two of one person must not together hold roles that exclude each other. The lock
# makes two administrators who give one person a role each wait for one another.
REFUSE_CLASH = """
create function office_refuse_exclusive_roles() returns trigger
language plpgsql security definer set search_path from current as $$
declare
    changed bigint := case tg_table_name when 'office_staff' then (to_jsonb(new) ->> 'id')::bigint
                      else (to_jsonb(new) ->> 'staff_id')::bigint end;
    person text := (select person_key from office_staff where id = changed);
    clash text;
begin
    perform pg_advisory_xact_lock(4203, hashtext(person));
    select role.name || ' / ' || other.name into clash
    from office_exclusiveroles pair
    join auth_group role on role.id = pair.role_id
    join auth_group other on other.id = pair.other_id
    where exists (
            select from office_staff_groups held join office_staff staff on staff.id = held.staff_id
            where staff.person_key = person and staff.is_active and held.group_id = pair.role_id
        )
        and exists (
            select from office_staff_groups held join office_staff staff on staff.id = held.staff_id
            where staff.person_key = person and staff.is_active and held.group_id = pair.other_id
        )
    order by role.id, other.id
    limit 1;
    if clash is not null then
        raise exception 'one person may not hold both roles: %', clash using errcode = 'check_violation';
    end if;
    return null;
end
$$
"""


def trigger(table: str) -> migrations.RunSQL:
    return migrations.RunSQL(
        f"""
        create constraint trigger refuse_exclusive_roles after insert or update on {table}
        deferrable initially deferred for each row execute function office_refuse_exclusive_roles()
        """,
        f"drop trigger refuse_exclusive_roles on {table}",
    )


class Migration(migrations.Migration):
    dependencies = [
        ("office", "0005_access_records"),
        ("auth", "0012_alter_user_first_name_max_length"),
    ]

    operations = [
        migrations.AddField(
            "staff", "whole_city", models.BooleanField(default=False, verbose_name="works for the whole city")
        ),
        # Until now everybody did.
        migrations.RunSQL("update office_staff set whole_city = true", migrations.RunSQL.noop),
        migrations.AddField(
            "staff",
            "counties",
            models.ManyToManyField(
                blank=True,
                related_name="+",
                to="office.county",
                verbose_name="counties",
                help_text="Sees the people and facilities of these counties only.",
            ),
        ),
        migrations.AddField(
            "staff",
            "person_key",
            models.CharField(
                default="",
                editable=False,
                max_length=64,
                verbose_name="same person as",
            ),
        ),
        migrations.RunSQL(
            "update office_staff set person_key = 'unknown ' || md5(id || random()::text)",
            migrations.RunSQL.noop,
        ),
        migrations.AlterField(
            "staff",
            "person_key",
            models.CharField(
                default=office.models.agency.unknown_person,
                editable=False,
                max_length=64,
                verbose_name="same person as",
            ),
        ),
        migrations.CreateModel(
            name="ExclusiveRoles",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("role", models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name="+", to="auth.group")),
                ("other", models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name="+", to="auth.group")),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("role", "other"), name="exclusive_roles_once")],
            },
        ),
        migrations.RunSQL(
            "update auth_group set name = 'finance_accountant' where name = 'finance'", migrations.RunSQL.noop
        ),
        migrations.RunSQL(REFUSE_CLASH, "drop function office_refuse_exclusive_roles"),
        trigger("office_staff_groups"),
        trigger("office_staff"),
        *[migrations.RunSQL(function, migrations.RunSQL.noop) for function in FUNCTIONS],
        *protect("office_importfile", mine="uploaded_by_id = (select acting_staff())"),
        *protect(
            "office_importrow",
            mine="exists (select from office_importfile file where file.id = import_file_id)",
        ),
    ]
