"""A clerk changes the facility somebody chose, from the person's page."""

import pytest
from django.utils import timezone

from insured.models import Selection
from policies.month import Month
from tests.browser.hands import fits
from tests.population import contract, insure, member, select

pytestmark = pytest.mark.browser


def test_a_selection_is_changed_from_next_month_on(signed_in):
    now = Month.of(timezone.localdate())
    years = range(now.year, now.year + 2)
    person, hospital, other = insure(), contract(years=years), contract(years=years)
    select(person, hospital, first=f"{now.year}-01")
    member("clerk")
    page = signed_in("clerk")
    page.goto(f"/insured/person/{person.pk}/change/")
    page.get_by_role("link", name="变更选点").click()
    page.locator(".field-facility .select2-selection").click()
    page.locator(".select2-search__field").fill("没有这家")
    page.get_by_text("未找到结果").wait_for()
    page.locator(".select2-search__field").fill(other.code)
    page.get_by_role("option", name=other.code).click()
    page.get_by_role("button", name="保存", exact=True).click()
    if now.number == 12:  # what begins in January is next year's choice
        page.get_by_text("现应办理下一年度选点（第12(5)条）").wait_for()
        return
    page.get_by_text("请填写变更原因（第17条）").wait_for()
    assert fits(page)
    page.locator("#id_reason").fill("迁居")
    page.get_by_role("button", name="保存", exact=True).click()
    page.get_by_role("cell", name=f"{now + 1} – {now.year}-12").wait_for()
    assert [(choice.facility, str(choice.last_month)) for choice in Selection.objects.order_by("id")] == [
        (hospital, str(now)),
        (other, f"{now.year}-12"),
    ]
