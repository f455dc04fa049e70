"""What waits is decided one after the other without the mouse."""

import re

import pytest

from office import runs
from office.models import Run
from policies.month import Month
from tests.population import insure, member

pytestmark = pytest.mark.browser


def test_a_reviewer_goes_through_what_waits_by_keyboard(signed_in):
    clerk, _reviewer = member("clerk"), member("reviewer")
    insure()
    first, second = (
        runs.compute(runs.prepare(kind="credit", scheme="310", period=month, by=clerk, origin="page").pk)
        for month in (Month(2023, 2), Month(2023, 3))
    )
    page = signed_in("reviewer")

    def at(run):
        page.wait_for_url(f"**/office/run/{run.pk}/change/")

    page.goto("/waiting/")
    page.keyboard.press("j")
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    at(second)
    page.keyboard.press("Escape")
    page.wait_for_url("**/waiting/")
    assert page.evaluate("document.activeElement.textContent").startswith(f"#{second.pk}")
    page.keyboard.press("k")
    page.keyboard.press("Enter")
    at(first)
    page.get_by_text("待办第 1 / 2 件").wait_for()
    page.keyboard.press("a")
    assert re.search("并办下一件（还有 1 件）", page.evaluate("document.activeElement.textContent"))
    page.keyboard.press("Enter")
    at(second)
    page.keyboard.press("r")
    page.keyboard.type("a r j")  # typed, not done
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    at(second)
    page.get_by_text("a r j").first.wait_for()
    events = [Run.objects.get(pk=run.pk).events.last().act for run in (first, second)]
    assert events == ["approve", "send_back"]
