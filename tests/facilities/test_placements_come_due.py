"""What was entered for a later month is shown once it has come."""

from django.utils import timezone

from facilities.placements import place, show_this_month
from policies.month import Month
from tests.population import contract


def test_a_placement_is_shown_from_its_month_on(committed, administrator):
    hospital = contract(level="primary", years=[])
    place(
        hospital,
        first_month=Month.of(timezone.localdate()) + 1,
        level="secondary",
        parent=None,
        office="city",
        reason="评级",
    )
    assert hospital.level == "primary"
    assert show_this_month() == 0
    administrator.execute("set session_replication_role = replica")  # so that nothing else follows it
    administrator.execute(
        "update facilities_placement set first_month = first_month - interval '1 month'"
        " where first_month is not null"
    )
    assert show_this_month() == 1
    hospital.refresh_from_db()
    assert (hospital.level, hospital.office) == ("secondary", "city")
    assert hospital.placements.count() == 2
