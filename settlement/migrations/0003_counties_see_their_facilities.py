"""What facilities used, were prepaid and cleared is seen in their county and in the city office."""

from django.db import migrations

from office.row_security import county_is_mine, protect

FACILITY_IS_MINE = f"""exists (
    select from facilities_facility facility
    where facility.id = facility_id and {county_is_mine("facility.county_id")}
)"""


class Migration(migrations.Migration):
    dependencies = [
        ("settlement", "0002_say_why_a_row_is_refused"),
        ("facilities", "0003_counties_keep_their_facilities"),
    ]

    operations = [
        *protect("settlement_facilityusage", mine=FACILITY_IS_MINE),
        *protect("settlement_prepayment", mine=FACILITY_IS_MINE),
        *protect("settlement_yearend", mine=FACILITY_IS_MINE),
    ]
