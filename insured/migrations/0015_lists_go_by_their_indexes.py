"""Whether a spell or a selection may be seen is asked of its person, row by row and never of all people at once.

`exists (…)` the planner may turn into a hash of everybody in sight, built anew for every page: a fifth of a
second among a million people. A subquery for a value it does not.
"""

from django.db import migrations, models

from office.row_security import MINE, county_is_mine

WHOLE_CITY = "(select acting_for_whole_city())"
BEFORE = "exists (select from insured_person person where person.id = person_id)"
PERSON_IS_MINE = "(select true from insured_person person where person.id = person_id)"
OF_FACILITY = f"""exists (
    select from facilities_facility facility
    where facility.id = facility_id and {county_is_mine("facility.county_id")}
)"""


def policies(person_is_mine: str) -> list[str]:
    mine = f"{WHOLE_CITY} or {person_is_mine}"
    return [
        f"alter policy counties on insured_enrolment using ({mine})"
        f" with check ({WHOLE_CITY} or {person_is_mine} and county_id = any ({MINE}::bigint[]))",
        *(
            f"alter policy counties on {table} using ({mine}) with check ({mine})"
            for table in ("insured_selection", "insured_proposedselection")
        ),
        f"alter policy counties on office_runexception using ({mine} or {OF_FACILITY})"
        f" with check ({mine} or {OF_FACILITY})",
    ]


class Migration(migrations.Migration):
    dependencies = [("insured", "0014_people_found_by_initials")]

    operations = [
        *(
            migrations.RunSQL(after, before)
            for after, before in zip(policies(PERSON_IS_MINE), policies(BEFORE))
        ),
        # A status or kind that few or none have is found without reading everybody's.
        migrations.AddIndex(
            "enrolment", models.Index(fields=["status", "scheme"], name="enrolment_of_status")
        ),
        migrations.AddIndex("selection", models.Index(fields=["kind", "slot"], name="selection_of_kind")),
    ]
