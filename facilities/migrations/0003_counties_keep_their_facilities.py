"""Everybody at the agency may look up a facility; only its county and the city change it."""

from django.db import migrations

from office.row_security import county_is_mine, protect


class Migration(migrations.Migration):
    dependencies = [
        ("facilities", "0002_say_why_a_row_is_refused"),
        ("office", "0006_roles_and_scope"),
    ]

    operations = [
        *protect("facilities_facility", mine=county_is_mine(), all_may_read=True),
        *protect(
            "facilities_agreement",
            mine=f"""exists (
                select from facilities_facility facility
                where facility.id = facility_id and {county_is_mine("facility.county_id")}
            )""",
            all_may_read=True,
        ),
    ]
