"""A small office at work: people, facilities, runs in several states, and its staff signed in."""

from types import SimpleNamespace

import pytest
from django.test import Client

from insured.models import Employer
from office import imports, runs
from office.groups import ROLES
from office.models import Staff
from policies.month import Month
from settlement.models import FacilityUsage
from tests import population
from tests.population import contract, insure, member, select

FEBRUARY, MARCH = Month(2023, 2), Month(2023, 3)


@pytest.fixture
def staff(db) -> dict[str, Staff]:
    members = {role: member(role) for role in ROLES}
    Staff.objects.update(display_name="测试员")  # a role's name would look like English left over
    return members


@pytest.fixture
def sign_in(staff):
    """A browser signed in by role, in Chinese unless told otherwise."""

    def sign_in(role: str, language: str = "zh-hans") -> Client:
        client = Client()
        client.force_login(staff[role])
        client.cookies["gongji_language_441600"] = language
        return client

    return sign_in


@pytest.fixture
def office(staff):
    """February posted and one of its runs reversed, March awaiting review."""
    clerk, reviewer = staff["clerk"], staff["reviewer"]
    people = [insure(base="5000"), insure(status="retired", base=None, group="enterprise"), insure(base=None)]
    facility = contract(level="primary")
    station = contract(kind="village_station", parent=facility)
    for person in people:
        select(person, facility, first="2023-01")
    FacilityUsage.objects.create(facility=facility, scheme="310", year=2022, actual="10.00")
    Employer.objects.create(code="E1", name="测试单位")

    def prepared(kind, month):
        return runs.compute(runs.prepare(kind=kind, scheme="310", period=month, by=clerk, origin="page").pk)

    def posted(kind, month):
        return population.posted(prepared(kind, month))

    february, prepayment = posted("credit", FEBRUARY), posted("prepayment", FEBRUARY)
    reversal = population.posted(runs.reverse(prepayment, by=reviewer, origin="page", reason="多拨"))
    return SimpleNamespace(
        people=people,
        facility=facility,
        station=station,
        february=february,
        march=prepared("credit", MARCH),
        year_end=prepared("year_end", Month(2022, 1)),
        reversal=reversal,
        prepared=prepared,
        posted=posted,
    )


@pytest.fixture
def upload(staff):
    """An import of a CSV file, checked."""

    def upload(text: str, layout: str = "enrolments"):
        content = [text.encode("utf-8-sig")]
        given = {"layout": layout, "name": "名单.csv", "content": content}
        return imports.check(imports.upload(**given, by=staff["clerk"], origin="page"))

    return upload
