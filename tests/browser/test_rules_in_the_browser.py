"""A missing figure is entered and approved, and a visit tried out, as people do it in the browser."""

import pytest

from office.policy import newest_version, pack_of
from policies.month import Month
from tests.browser.hands import confirm, fits
from tests.population import member

pytestmark = pytest.mark.browser


def test_a_missing_figure_is_entered_by_one_and_approved_by_another(signed_in):
    member("policy_officer", "officer")
    member("reviewer")
    officer = signed_in("officer")
    officer.get_by_role("link", name="政策版本").click()
    officer.get_by_role("link", name="录入新标准").first.click()
    officer.get_by_role("row", name="退休人员月计入额").get_by_role("link").click()
    assert officer.get_by_label("执行起始年月").input_value() == "2025-01"
    officer.get_by_label("依据文件").fill("2025年第1号通知")
    officer.get_by_label("标准 (元)").fill("105")
    officer.get_by_role("button", name="录入草稿").click()
    officer.get_by_role("heading", name="逐条变更").wait_for()
    assert fits(officer)
    confirm(officer, "提交审批")
    officer.get_by_text("待审批").first.wait_for()

    reviewer = signed_in("reviewer")
    reviewer.goto(officer.url)
    confirm(reviewer, "批准")
    reviewer.get_by_text("已批准").first.wait_for()
    version = newest_version(scheme="310")
    assert (version.number, version.approved_by.username) == (2, "reviewer")
    assert pack_of(version).value("retired_monthly_credit", Month(2025, 3)) == 105


def test_a_visit_is_tried_out_and_compared(signed_in):
    member("clerk")
    page = signed_in("clerk")
    page.get_by_role("link", name="试算").first.click()
    page.get_by_label("出生日期").fill("1970-01-01")
    page.get_by_label("就诊日期").fill("2023-05-10")
    page.get_by_label("总费用").fill("200")
    page.get_by_label("政策范围内费用").fill("100")
    page.get_by_label("选定机构").check()
    page.get_by_role("button", name="试算", exact=True).click()
    page.get_by_text("已结算").wait_for()
    assert page.locator("b.fund").inner_text() == "60.00"
    assert page.get_by_role("row", name="单次支付限额").count() == 1

    link = page.get_by_role("link", name="本次试算的链接").get_attribute("href")
    page.goto("/")
    page.goto(link)
    assert page.locator("b.fund").inner_text() == "60.00"

    page.get_by_role("button", name="各城市对比").click()
    page.locator(".city").first.wait_for()
    assert page.locator(".city dd.fund").all_inner_texts() == ["60.00", "42.00", "0.00", "70.00", "0.00"]
    assert fits(page)
