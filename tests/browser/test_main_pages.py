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
THROUGHOUT = "in the dark too, and weighed"


@pytest.fixture
def work(committed):
    """A person with an account, a facility with visits reported, a posted run and one that waits."""
    clerk, _reviewer, person, facility = member("clerk"), member("reviewer"), insure(), contract()
    select(person, facility, first="2023-01")
    fund(person, "100.00")
    FacilityUsage.objects.create(facility=facility, scheme="310", year=2022, actual="10.00")
    ran = [
        runs.compute(runs.prepare(kind=kind, scheme="310", period=Month(2023, 2), by=clerk, origin="page").pk)
        for kind in ("credit", "prepayment")
    ]
    population.posted(ran[0])
    return {
        "clerk": {
            "/": THROUGHOUT,
            "/insured/person/": THROUGHOUT,
            f"/insured/person/{person.pk}/change/": THROUGHOUT,
            "/insured/selection/add/": "",
            "/office/importfile/add/?layout=enrolments": "",
            f"/facilities/facility/{facility.pk}/change/": "",
            "/settlement/visit/": "",
            "/settlement/visit/add/": "",
            "/trial/": "",
        },
        "reviewer": {
            "/waiting/": "",
            f"/office/run/{ran[1].pk}/change/": THROUGHOUT,
            "/fund/": THROUGHOUT,
        },
    }


@pytest.mark.parametrize("who", ["clerk", "reviewer"])
def test_nothing_hinders_anybody_on_the_main_pages(portal, work, signed_in, who):
    page = signed_in(who)
    found = []
    for path, how in work[who].items():
        if how == THROUGHOUT:
            troubles = looked_at(page, path) + overweight(page.context, f"{portal}{path}")
        else:
            troubles = looked_at(page, path, themes=("light",))
        found += [f"{path}: {each}" for each in troubles]
    assert not found


def test_filters_and_menu_hinder_nobody_and_filters_stay(work, signed_in):
    page = signed_in("clerk")
    page.goto("/settlement/visit/")
    page.get_by_role("button", name="筛选").press("Enter")
    page.locator("#changelist-filter .select2-selection").first.wait_for()  # loaded only now
    assert hindrances(page) == []
    page.locator("#changelist-filter select").last.select_option(label="急诊")
    page.get_by_role("button", name="应用筛选").click()
    page.get_by_text("筛选条件：").wait_for()
    page.goto("/settlement/visit/")
    page.get_by_text("保存这些条件").click()
    page.get_by_label("条件名称").fill("急诊单")
    page.get_by_role("button", name="保存", exact=True).click()
    page.get_by_role("link", name="急诊单").wait_for()
    assert hindrances(page) == []
    page.get_by_role("link", name="清除").first.click()
    page.get_by_text("筛选条件：").wait_for(state="detached")
    page.goto("/")
    menu = page.get_by_role("button", name="clerk")
    menu.press("Enter")
    page.get_by_role("button", name="深色").press("Enter")
    assert page.locator("html").get_attribute("class") == "dark"
    assert hindrances(page) == []
    menu.press("Escape")
    page.get_by_role("button", name="深色").wait_for(state="hidden")
