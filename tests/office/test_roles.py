"""Roles that exclude each other are refused for one human being, whoever asks and under whatever sign-ins."""

import threading

import pytest
from django.contrib.auth.models import Group
from django.db import IntegrityError, connection, connections, transaction

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
    with pytest.raises(IntegrityError, match="one person may not hold both"), transaction.atomic():
        staff = member(line[0])
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
    first, second = (Staff.objects.create_user(name, display_name=name) for name in ("one", "two"))
    Staff.objects.update(person_key="same")
    given, both_ready = [], threading.Barrier(2)

    def give(staff, role):
        try:
            with transaction.atomic():
                staff.groups.add(Group.objects.get(name=role))
                both_ready.wait()
            given.append(role)
        except IntegrityError:
            pass
        finally:
            connections.close_all()

    threads = [
        threading.Thread(target=give, args=(first, "clerk")),
        threading.Thread(target=give, args=(second, "reviewer")),
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(given) == 1
