"""From a facility's visits to what the bank has paid: stated, reconciled, signed, ordered, hand by hand."""

import re
from fractions import Fraction

import pytest

from accounts.models import Account
from office import runs
from policies.month import Month
from settlement.models import (
    FacilityUsage,
    OrderState,
    PaymentOrder,
    Reconciliation,
    Statement,
    VisitOutcome,
    YearEnd,
)
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


def act(page, name: str, **given: str) -> None:
    """Do with a record what its button offers."""
    page.get_by_role("link", name=name, exact=True).click()
    for label, value in given.items():
        page.get_by_label(label).fill(value)
    page.get_by_role("button", name=name, exact=True).click()


def settle_differences(page, facility) -> None:
    """The facility said more than is on record, and accepts what is."""
    wait_until(Reconciliation.objects.filter(facility=facility).exists, every=0.2)  # by the worker
    page.goto("/settlement/reconciliation/")
    page.get_by_role("link", name=facility.name).click()
    assert fits(page)
    page.get_by_role("checkbox").first.check()
    page.get_by_label("原因").select_option(label="机构统计有误，认可经办数据")
    page.get_by_role("button", name="处理所选差异").click()
    page.get_by_text("已处理1处差异").wait_for()


def test_what_is_owed_is_paid(signed_in):
    clerk = member("clerk")
    for role in ("finance_accountant", "reviewer", "auditor", "finance_cashier"):
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
        "急诊": "否",
    }  # fmt: skip
    # Who has chosen no facility: paid by item, on the facility's statement.
    emergency = visit | {
        "单据号": "JZ1", "证件号码": insure().document_number, "医疗类别": "急诊", "急诊": "是",
    }  # fmt: skip
    bring(page, "visits", "费用.csv", csv([visit, emergency], encoding="utf-8-sig"))
    page.get_by_role("link", name="费用文件").click()
    page.get_by_text("已结算完毕").first.wait_for()  # by the worker
    assert fits(page)
    # Of the visit's 90.00 the fund pays 60.00, by quota, and the account 20.00.
    assert Account.objects.get(kind="payable").shown_balance == line.payable + 20

    page.goto("/settlement/statement/add/")
    page.get_by_label("月份").fill("2023-03")
    page.get_by_role("button", name="生成费用结算单").click()
    wait_until(Statement.objects.exists, every=0.2)  # by the worker
    statement = Statement.objects.get()
    assert statement.payable == VisitOutcome.objects.get(visit__bill="JZ1").fund > 0
    stated = f"/settlement/statement/{statement.pk}/change/"
    page.goto(stated)
    act(page, "发给机构")
    act(page, "登记机构确认", 机构确认人="张院长", 签章件存档号="2023-17")
    said = {
        "机构代码": facility.code, "年月": "2023-03", "人次": "2", "总费用": "190.00",
        "统筹支付": str(statement.fund),
    }  # fmt: skip
    bring(page, "reported_months", "对账.csv", csv([said], encoding="utf-8-sig"))
    accountant, reviewer, auditor = map(signed_in, ("finance_accountant", "reviewer", "auditor"))
    reviewer.goto(stated)
    act(reviewer, "同意并签署")
    reviewer.get_by_role("alert").wait_for()  # not with a difference open
    settle_differences(page, facility)
    for signer in (reviewer, auditor, accountant):
        signer.goto(stated)
        act(signer, "同意并签署")
        signer.get_by_text("已签署").first.wait_for()
        assert fits(signer)

    for _source in ("the prepayment", "the year end", "what accounts paid and the statement"):
        page.goto(ORDERS)
        page.get_by_role("link", name="开具支付单").click()
        assert fits(page)
        page.get_by_role("button", name="开具").first.click()
        page.get_by_text(re.compile(r"已开具[12]张支付单")).wait_for()
    orders = list(PaymentOrder.objects.all())

    choose_all(accountant, "复核所选")
    accountant.get_by_text("已复核4张支付单").wait_for()
    choose_all(reviewer, "放行所选")
    reviewer.get_by_text("已放行4张支付单").wait_for()
    assert fits(reviewer)

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
