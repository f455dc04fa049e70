"""Placements in time: shown once their month has come, and no circle by two who enter them at once."""

import threading

from django.db import IntegrityError, connections, transaction
from django.utils import timezone

from facilities.models import Facility
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


def test_two_at_once_build_no_circle(committed):
    """The second waits for the first, whose parent it could not see otherwise, and is refused."""
    top, middle = contract(years=[]), contract(years=[])
    below_top, below_middle = (contract(years=[], parent=parent) for parent in (top, middle))
    outcome = []

    def put_one_tree_under_the_other():
        try:
            Facility.objects.filter(pk=top.pk).update(parent=below_middle)
            outcome.append("placed")
        except IntegrityError:
            outcome.append("refused")
        finally:
            connections.close_all()

    thread = threading.Thread(target=put_one_tree_under_the_other)
    with transaction.atomic():
        Facility.objects.filter(pk=middle.pk).update(parent=below_top)
        thread.start()
        thread.join(0.5)
        assert outcome == []
    thread.join()
    assert outcome == ["refused"]
