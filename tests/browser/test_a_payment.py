"""From a facility's visit file and the year it is settled for to what the bank has paid, hand by hand."""

from fractions import Fraction

import pytest

from accounts.models import Account
from office import runs
from policies.month import Month
from settlement.models import FacilityUsage, OrderState, PaymentOrder, YearEnd
from tests import population
from tests.browser.test_a_month import confirm, downloaded, fits
from tests.files import csv
from tests.population import contract, fund, insure, member, select
from tests.settlement.worksheet_formulas import sheets_of
from tests.worker import wait_until

pytestmark = pytest.mark.browser
ORDERS = "/settlement/paymentorder/"


def choose_all(page, action: str) -> None:
    page.goto(ORDERS)
    page.locator("#action-toggle").check()
    page.locator("select[name=action]").select_option(label=action)
    page.locator("#changelist-actions button[name=index]").click()


def year_of(facility, *, clerk) -> YearEnd:
    """The facility's 2022, prepaid for December alone and settled."""
    FacilityUsage.objects.create(facility=facility, scheme="310", year=2022, actual="100.00")
    for kind, month in (("prepayment", 12), ("year_end", 1)):
        run = runs.prepare(kind=kind, scheme="310", period=Month(2022, month), by=clerk, origin="page")
        population.posted(runs.compute(run.pk))
    return YearEnd.objects.get()


def bring(page, layout: str, name: str, content: bytes) -> None:
    """A file uploaded, looked at and applied."""
    page.goto(f"/office/importfile/add/?layout={layout}")
    page.get_by_label("文件（.xlsx 或 .csv）").set_input_files(
        {"name": name, "mimeType": "text/csv", "buffer": content}
    )
    page.get_by_role("button", name="上传并检查").click()
    confirm(page, "确认导入")
    page.get_by_text("已导入").first.wait_for()  # by the worker


def test_what_is_owed_is_paid(signed_in):
    clerk = member("clerk")
    for role in ("finance_accountant", "reviewer", "finance_cashier"):
        member(role)
    facility, person = contract(), insure()
    facility.bank_holder, facility.bank_name = "测试医院", "工商银行"
    facility.pay_into("6222020200112233445")
    facility.save()
    select(person, facility, first="2022-08")
    select(person, facility, first="2023-01")
    fund(person, "20.00")
    line = year_of(facility, clerk=clerk)

    page = signed_in("clerk")
    page.goto(f"/settlement/yearend/{line.pk}/change/")
    assert fits(page)
    _name, content = downloaded(page, "计算表（Excel）")
    [sheet] = sheets_of(content)
    worked_out = {name: sheet.cell(name) for name in sheet.formulas}
    assert worked_out == {name: pytest.approx(shown) for name, shown in sheet.shown.items()}
    assert Fraction(line.due) in worked_out.values()

    visit = {
        "单据号": "MZ1", "机构代码": facility.code, "证件号码": person.document_number,
        "就诊时间": "2023-03-10 09:00", "医疗类别": "普通门诊", "总费用": "90.00", "政策范围内": "90.00",
    }  # fmt: skip
    bring(page, "visits", "费用.csv", csv([visit], encoding="utf-8-sig"))
    page.get_by_role("link", name="费用文件").click()
    page.get_by_text("已结算完毕").first.wait_for()  # by the worker
    assert fits(page)
    # Of the visit's 90.00 the fund pays 60.00, by quota, and the account 20.00.
    assert Account.objects.get(kind="payable").shown_balance == line.payable + 20

    for _source in ("the prepayment", "the year end", "what accounts paid"):
        page.goto(ORDERS)
        page.get_by_role("link", name="开具支付单").click()
        assert fits(page)
        page.get_by_role("button", name="开具").first.click()
        page.get_by_text("已开具1张支付单").wait_for()
    orders = list(PaymentOrder.objects.all())

    accountant = signed_in("finance_accountant")
    choose_all(accountant, "复核所选")
    accountant.get_by_text("已复核3张支付单").wait_for()
    page = signed_in("reviewer")
    choose_all(page, "放行所选")
    page.get_by_text("已放行3张支付单").wait_for()
    assert fits(page)

    cashier = signed_in("finance_cashier")
    cashier.get_by_role("link", name="银行文件").first.click()
    cashier.get_by_role("link", name="生成银行文件").click()
    cashier.get_by_role("button", name="生成银行文件").click()
    take = cashier.get_by_role("button", name="取走文件送银行")
    wait_until(lambda: cashier.reload() and take.count(), every=0.5)  # written by the worker
    with cashier.expect_download() as download:
        take.click()
    sent = download.value.path().read_text(encoding="gbk")
    assert all(order.number in sent for order in orders)

    returned = "".join(f"{order.number},成功\n" for order in orders)
    bring(accountant, "bank_returns", "回盘.csv", f"支付单号,结果\n{returned}".encode("utf-8-sig"))
    accountant.goto(f"{ORDERS}{orders[0].pk}/change/")
    accountant.get_by_text("已支付").first.wait_for()
    assert fits(accountant)
    assert {order.state for order in PaymentOrder.objects.all()} == {OrderState.PAID}
    assert Account.objects.get(kind="payable").balance == 0
