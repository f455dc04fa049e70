"""A retirement is entered on a person's page: weighed first, then done, and told on the page."""

import pytest

from policies.month import Month
from tests.browser.hands import fits
from tests.population import insure, member

pytestmark = pytest.mark.browser


def test_somebody_retires(signed_in):
    member("clerk")
    person = insure(base="5000", first="2022-01")
    page = signed_in("clerk")
    page.goto(f"/insured/person/{person.pk}/change/")
    assert fits(page)
    page.get_by_role("link", name="在职转退休").click()
    page.get_by_label("退休办结年月").fill("2023-04")
    page.get_by_label("原因").fill("退休审批表 12 号")
    page.get_by_role("button", name="预览影响").click()
    page.get_by_role("row", name="2023-05 – 至今").get_by_text("退休").wait_for()
    assert fits(page)
    assert person.enrolments.count() == 1  # only looked at so far
    page.get_by_role("button", name="确认：在职转退休").click()
    page.get_by_role("row", name="退休审批表 12 号").get_by_role("link", name="撤销").wait_for()
    assert fits(page)
    assert page.locator(".person-head").get_by_text("自2023-05起").count() == 1
    retired = person.enrolments.get(status="retired")
    assert (retired.first_month, retired.last_month) == (Month(2023, 5), None)
