"""Roles that exclude each other are refused for one human being, whoever asks and under whatever sign-ins."""

import threading

import pytest
from django.conf import settings
from django.contrib.auth.models import Group
from django.db import IntegrityError, ProgrammingError, connection, connections, transaction

from office.acting import acting
from office.groups import EXCLUSIVE, PERMISSIONS, ROLES, clash_of
from office.models import Staff
from tests.population import member

MOVING_MONEY = {"office.prepare_run", "office.review_run"}


def test_every_role_has_its_group_and_permissions(db):
    for role in ROLES:
        held = {
            f"{p.content_type.app_label}.{p.codename}" for p in Group.objects.get(name=role).permissions.all()
        }
        assert held == set(PERMISSIONS[role]), role


def test_no_two_roles_that_a_person_may_hold_prepare_and_approve():
    for one in ROLES:
        for other in ROLES:
            if {*PERMISSIONS[one], *PERMISSIONS[other]} >= MOVING_MONEY:
                assert clash_of({one, other}), (one, other)


@pytest.mark.parametrize("line", EXCLUSIVE)
def test_the_database_refuses_them_for_one_sign_in(db, line):
    staff = member(line[0])
    connection.check_constraints()
    with pytest.raises(IntegrityError, match="one person may not hold both"), transaction.atomic():
        staff.groups.add(Group.objects.get(name=line[-1]))
        connection.check_constraints()


def test_and_for_two_sign_ins_of_one_person(db):
    clerk, reviewer = member("clerk"), member("reviewer")
    connection.check_constraints()
    with pytest.raises(IntegrityError, match="clerk / reviewer"), transaction.atomic():
        Staff.objects.filter(pk=reviewer.pk).update(person_key=clerk.person_key)
        connection.check_constraints()


def test_whoever_has_left_no_longer_stands_in_the_way(db):
    clerk, reviewer = member("clerk"), member("reviewer")
    Staff.objects.filter(pk=clerk.pk).update(is_active=False)
    Staff.objects.filter(pk=reviewer.pk).update(person_key=clerk.person_key)
    connection.check_constraints()
    with pytest.raises(IntegrityError), transaction.atomic():
        Staff.objects.filter(pk=clerk.pk).update(is_active=True)
        connection.check_constraints()


def test_two_administrators_at_once_cannot_give_one_person_both(committed):
    """The second waits for the first, whose role it could not see otherwise, and is refused."""
    first, second = (Staff.objects.create_user(name, display_name=name) for name in ("one", "two"))
    Staff.objects.update(person_key="same")
    outcome = []

    def give_the_second():
        try:
            second.groups.add(Group.objects.get(name="reviewer"))
            outcome.append("given")
        except IntegrityError:
            outcome.append("refused")
        finally:
            connections.close_all()

    thread = threading.Thread(target=give_the_second)
    with transaction.atomic():
        first.groups.add(Group.objects.get(name="clerk"))
        connection.check_constraints()
        thread.start()
        thread.join(0.5)
        assert outcome == []
    thread.join()
    assert outcome == ["refused"]


@pytest.mark.parametrize(
    "attack",
    [
        "update office_staff set is_superuser = true where id = {own}",
        "update office_staff set whole_city = true where id = {own}",
        "update office_staff set person_key = 'another' where id = {own}",
        "update office_staff set password = 'x' where id = {reviewer}",
        "insert into office_staff_counties (staff_id, county_id) select {own}, max(id) from office_county",
        "insert into office_staff_groups (staff_id, group_id) select {own}, max(id) from auth_group",
        "insert into office_staff_counties (staff_id, county_id)"
        " select {reviewer}, max(id) from office_county",
        "insert into office_staff_groups (staff_id, group_id) select {reviewer}, max(id) from auth_group",
        "insert into office_staff_user_permissions (staff_id, permission_id)"
        " select {own}, id from auth_permission where codename = 'review_run'",
        "insert into auth_group_permissions (group_id, permission_id)"
        " select auth_group.id, auth_permission.id from auth_group, auth_permission"
        " where (name, codename) = ('clerk', 'review_run')",
        "delete from office_exclusiveroles",
        "update office_approvalchain set steps = array['check']",
        "update office_threshold set percent = null",
        "insert into office_periodevent (month, act, by_id, origin, at, reason)"
        " values ('2023-02-01', 'close', {own}, 'page', now(), '')",
        "insert into office_delegation"
        " (principal_id, delegate_id, first_day, last_day, reason, made_by_id, made_at)"
        " values ({reviewer}, {own}, current_date, current_date, 'x', {reviewer}, now())",
        "insert into office_delegation"
        " (principal_id, delegate_id, first_day, last_day, reason, made_by_id, made_at)"
        " values ({reviewer}, {own}, current_date, current_date, 'x', {own}, now())",
    ],
)
def test_a_page_gives_no_rights_for_who_has_none_to_give(db, attack):
    clerk, reviewer = member("clerk", counties=("441602",)), member("reviewer")
    with (
        acting(staff=clerk, origin="page", role=settings.PAGES_ROLE),
        pytest.raises(ProgrammingError),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(attack.format(own=clerk.pk, reviewer=reviewer.pk))


@pytest.mark.parametrize(
    "attack",
    [
        "update office_staff set is_superuser = true where id = {reviewer}",
        "update office_staff set whole_city = not whole_city where id = {own}",
        "insert into office_staff_groups (staff_id, group_id)"
        " select {own}, id from auth_group where name = 'policy_officer'",
        "delete from office_staff_groups where staff_id = {own}",
    ],
)
def test_whoever_gives_rights_gives_none_to_themselves_and_makes_no_superuser(db, attack):
    giver, reviewer = member("security_administrator"), member("reviewer")
    with acting(staff=giver, origin="page", role=settings.PAGES_ROLE), connection.cursor() as cursor:
        with pytest.raises(ProgrammingError), transaction.atomic():
            cursor.execute(attack.format(own=giver.pk, reviewer=reviewer.pk))
        cursor.execute("update office_staff set whole_city = false where id = %s", [reviewer.pk])
