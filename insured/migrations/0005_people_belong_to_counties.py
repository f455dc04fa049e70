"""A person belongs to the county of their latest spell, whose staff and no others see them."""

import django.db.models.deletion
from django.db import migrations, models

from office.row_security import county_is_mine, protect

LATEST = """
select distinct on (spell.person_id) spell.person_id, spell.county_id
from insured_enrolment spell
{where}
order by spell.person_id, spell.first_month desc, spell.id desc
"""

# Planned anew each time (`execute`): a plan kept from a spell entered by hand would take hours over a file.
KEEP = """
create function {name}() returns trigger language plpgsql security definer as $$
begin
    execute $sql$
        update insured_person person
        set county_id = latest.county_id
        from ({latest}) latest
        where person.id = latest.person_id and person.county_id is distinct from latest.county_id
    $sql$;
    return null;
end
$$
"""

KEEP_COUNTY = KEEP.format(
    name="insured_keep_county",
    latest=LATEST.format(where="where spell.person_id in (select person_id from entered)"),
)

# Of an update only spells that moved, in place or in time, can change where somebody belongs.
KEEP_COUNTY_OF_CHANGED = KEEP.format(
    name="insured_keep_county_of_changed",
    latest=LATEST.format(
        where="""where spell.person_id in (
            select entered.person_id from entered join left_behind using (id)
            where (entered.county_id, entered.first_month) <> (left_behind.county_id, left_behind.first_month)
        )"""
    ),
)

# Conditions on names cannot use their index under row-level security, which must come first: an array
# operator might tell on rows it is not to see. So the search asks here, and is scoped here.
PEOPLE_NAMED = """
create function insured_people_named(part text, at_most int) returns setof bigint
language sql stable security definer as $$
    select id
    from insured_person
    where name_grams(name) @> name_grams(part) and position(part in name) > 0
        and (
            current_setting('role') = current_user || '_jobs'
            or (select acting_for_whole_city())
            or county_id = any ((select acting_counties())::bigint[])
        )
    limit at_most
$$
"""

PERSON_IS_MINE = "exists (select from insured_person person where person.id = person_id)"


class Migration(migrations.Migration):
    dependencies = [
        ("insured", "0004_one_exclusion_per_scheme_and_slot"),
        ("facilities", "0003_counties_keep_their_facilities"),
        ("office", "0006_roles_and_scope"),
    ]

    operations = [
        migrations.AddField(
            "person",
            "county",
            models.ForeignKey(
                null=True,
                blank=True,
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                to="office.county",
                verbose_name="county",
            ),
        ),
        migrations.RunSQL(
            f"update insured_person person set county_id = latest.county_id from ({LATEST.format(where='')}) latest"
            " where person.id = latest.person_id",
            migrations.RunSQL.noop,
        ),
        migrations.AddIndex("person", models.Index(fields=["county", "id"], name="person_of_county")),
        migrations.RunSQL(KEEP_COUNTY, "drop function insured_keep_county"),
        migrations.RunSQL(KEEP_COUNTY_OF_CHANGED, "drop function insured_keep_county_of_changed"),
        migrations.RunSQL(
            """
            create trigger keep_county after insert on insured_enrolment
            referencing new table as entered for each statement execute function insured_keep_county()
            """,
            "drop trigger keep_county on insured_enrolment",
        ),
        migrations.RunSQL(
            """
            create trigger keep_county_of_changed after update on insured_enrolment
            referencing new table as entered old table as left_behind
            for each statement execute function insured_keep_county_of_changed()
            """,
            "drop trigger keep_county_of_changed on insured_enrolment",
        ),
        migrations.RunSQL(PEOPLE_NAMED, "drop function insured_people_named"),
        *protect("insured_person", mine=county_is_mine()),
        *protect(
            "insured_enrolment",
            mine=PERSON_IS_MINE,
            written=f"({PERSON_IS_MINE} and {county_is_mine()})",
        ),
        *protect("insured_selection", mine=PERSON_IS_MINE),
        *protect("insured_proposedselection", mine=PERSON_IS_MINE),
        *protect(
            "office_runexception",
            mine=f"""(
                {PERSON_IS_MINE}
                or exists (
                    select from facilities_facility facility
                    where facility.id = facility_id and {county_is_mine("facility.county_id")}
                )
            )""",
        ),
    ]
