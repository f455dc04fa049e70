"""From what a prepayment owes to what the bank has paid, by those whose hands it passes."""

import pytest

from accounts.models import Account
from office import runs
from policies.month import Month
from settlement.models import OrderState, PaymentOrder
from tests import population
from tests.browser.test_a_month import confirm, fits
from tests.population import contract, insure, member, select
from tests.worker import wait_until

pytestmark = pytest.mark.browser
ORDERS = "/settlement/paymentorder/"


def choose_all(page, action: str) -> None:
    page.goto(ORDERS)
    page.locator("#action-toggle").check()
    page.locator("select[name=action]").select_option(label=action)
    page.locator("#changelist-actions button[name=index]").click()


def test_what_is_owed_is_paid(signed_in):
    clerk = member("clerk")
    for role in ("finance_accountant", "reviewer", "finance_cashier"):
        member(role)
    facility = contract()
    facility.bank_holder, facility.bank_name = "测试医院", "工商银行"
    facility.pay_into("6222020200112233445")
    facility.save()
    select(insure(), facility, first="2023-01")
    run = runs.prepare(kind="prepayment", scheme="310", period=Month(2023, 3), by=clerk, origin="page")
    population.posted(runs.compute(run.pk))

    page = signed_in("clerk")
    page.get_by_role("link", name="支付单").click()
    page.get_by_role("link", name="开具支付单").click()
    assert fits(page)
    page.get_by_role("button", name="开具").click()
    page.get_by_text("已开具1张支付单").wait_for()
    order = PaymentOrder.objects.get()

    accountant = signed_in("finance_accountant")
    choose_all(accountant, "复核所选")
    accountant.get_by_text("已复核1张支付单").wait_for()
    page = signed_in("reviewer")
    choose_all(page, "放行所选")
    page.get_by_text("已放行1张支付单").wait_for()
    assert fits(page)

    cashier = signed_in("finance_cashier")
    cashier.get_by_role("link", name="银行文件").click()
    cashier.get_by_role("link", name="生成银行文件").click()
    cashier.get_by_role("button", name="生成银行文件").click()
    take = cashier.get_by_role("button", name="取走文件送银行")
    wait_until(lambda: cashier.reload() and take.count(), every=0.5)  # written by the worker
    with cashier.expect_download() as download:
        take.click()
    assert order.number in download.value.path().read_text(encoding="gbk")

    accountant.goto("/office/importfile/add/?layout=bank_returns")
    accountant.get_by_label("文件（.xlsx 或 .csv）").set_input_files(
        {
            "name": "回盘.csv",
            "mimeType": "text/csv",
            "buffer": f"支付单号,结果\n{order.number},成功\n".encode("utf-8-sig"),
        }
    )
    accountant.get_by_role("button", name="上传并检查").click()
    confirm(accountant, "确认导入")
    accountant.get_by_text("已导入").first.wait_for()  # by the worker
    accountant.goto(f"{ORDERS}{order.pk}/change/")
    accountant.get_by_text("已支付").first.wait_for()
    assert fits(accountant)
    order.refresh_from_db()
    assert order.state == OrderState.PAID
    assert Account.objects.get(kind="payable").balance == 0
