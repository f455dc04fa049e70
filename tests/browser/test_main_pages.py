"""The main pages, light and dark: nothing hinders anybody (WCAG 2.2 AA), is cut off or too heavy.

That no page asks another host, fails in its scripts or breaks its policy, `signed_in` says of every test.
"""

import pytest

from office import runs
from policies.month import Month
from settlement.models import FacilityUsage
from tests import population
from tests.looking import hindrances, looked_at, overweight
from tests.population import contract, fund, insure, member, select

pytestmark = pytest.mark.browser


@pytest.fixture
def work(committed):
    """A person with an account, a facility with visits reported, a posted run and one that waits."""
    clerk, person, facility = member("clerk"), insure(), contract()
    select(person, facility, first="2023-01")
    fund(person, "100.00")
    FacilityUsage.objects.create(facility=facility, scheme="310", year=2022, actual="10.00")
    ran = [
        runs.compute(runs.prepare(kind=kind, scheme="310", period=Month(2023, 2), by=clerk, origin="page").pk)
        for kind in ("credit", "prepayment")
    ]
    population.posted(ran[0])
    return {
        "/": "with weight",
        "/insured/person/": "with weight",
        f"/insured/person/{person.pk}/change/": "with weight",
        "/insured/selection/add/": "with weight",
        "/office/importfile/add/?layout=enrolments": "",
        f"/facilities/facility/{facility.pk}/change/": "",
        "/settlement/visit/": "with weight",
        "/settlement/visit/add/": "",
        "/settlement/reconciliation/": "",
        f"/office/run/{ran[0].pk}/change/": "with weight",
        "/waiting/": "",
        "/trial/": "",
        "/fund/": "with weight",
        "/help/": "",
    }


def test_nothing_hinders_anybody_on_the_main_pages(portal, work, signed_in):
    page = signed_in("clerk")
    found = []
    for path, weight in work.items():
        troubles = looked_at(page, path)
        if weight:
            troubles += overweight(page.context, f"{portal}{path}")
        found += [f"{path}: {each}" for each in troubles]
    assert not found


def test_filters_and_menu_hinder_nobody_when_they_are_open(work, signed_in):
    page = signed_in("clerk")
    page.goto("/settlement/visit/")
    page.get_by_role("button", name="筛选").press("Enter")
    page.locator("#changelist-filter .select2-selection").first.wait_for()  # loaded only now
    assert hindrances(page) == []
    page.goto("/")
    menu = page.get_by_role("button", name="clerk")
    menu.press("Enter")
    page.get_by_role("button", name="深色").press("Enter")
    assert page.locator("html").get_attribute("class") == "dark"
    assert hindrances(page) == []
    menu.press("Escape")
    page.get_by_role("button", name="深色").wait_for(state="hidden")
