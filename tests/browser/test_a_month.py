"""A whole month of the agency by those who do it: from the clerk's files to the chief's look at the fund.

The month is this one: what is paid outside runs is booked on the day it is paid. All figures are worked out
by hand from the two files.
"""

import io
import re
from decimal import Decimal

import openpyxl
import pytest
from django.utils import timezone

from accounts.models import Account
from office.models import Run
from policies.month import Month
from settlement.models import OrderState, PaymentOrder, Statement
from tests.browser.hands import act, bring, choose_all, confirm, downloaded, fits, reload_until
from tests.cities import rules_of
from tests.files import csv, enrolment, workbook
from tests.population import contract, identity_card, member
from tests.worker import wait_until

pytestmark = pytest.mark.browser

ORDERS = "/settlement/paymentorder/"
STATEMENT = re.compile(r"/settlement/statement/\d+/change/")
ACTIVE, FLEXIBLE, RETIRED, TRAVELLER = (identity_card(number) for number in range(21, 25))
# 2 % of the base, and what the rules version below gives retirees (7).
CREDITS = {"N1": "100.01", "N2": "60.00", "N3": "105.00", "N4": "80.00"}
CREDITED = Decimal("345.01")
FROM_THE_POOL = Decimal("105.00")  # only retirees' credits; the others' are their own contributions
# 320 / 12 a head, of which 80 %: two heads and one (12).
PREPAID = {"城南医院": Decimal("42.67"), "城北医院": Decimal("21.33")}
# 70 % of the emergencies, paid by item; of the 90 at the chosen hospital 60, the limit, within its quota.
STATED = {"城南医院": Decimal("35.00"), "城北医院": Decimal("56.00")}
SPENT = {"城南医院": Decimal("45.00"), "城北医院": Decimal("24.00")}  # the rest, which accounts paid
RECEIVED = Decimal("10000.00")


def total(amounts: dict[str, Decimal]) -> Decimal:
    return sum(amounts.values(), Decimal(0))


def hospital(name: str, *, bank_account: str, month: Month):
    facility = contract(years=[month.year])
    facility.name = facility.bank_holder = name
    facility.bank_name = "工商银行"
    facility.pay_into(bank_account)
    facility.save()
    return facility


def people(*, south, north, month: Month) -> bytes:
    """The clerk's workbook: three who chose a hospital for this year, and one who chose none."""
    chosen = {"选点生效年月": f"{month.year}-01"}
    return workbook(
        [
            enrolment(
                证件号码=ACTIVE, 人员编号="N1", 月缴费基数="5000.25", 选点机构代码=south.code, **chosen
            ),
            enrolment(证件号码=FLEXIBLE, 人员编号="N2", 参保身份="灵活就业", 月缴费基数="3000")
            | {"选点机构代码": south.code, **chosen},
            enrolment(证件号码=RETIRED, 人员编号="N3", 参保身份="退休", 退休类别="企业", 月缴费基数="")
            | {"选点机构代码": north.code, **chosen},
            enrolment(证件号码=TRAVELLER, 人员编号="N4", 月缴费基数="4000"),
        ]
    )


def visits(*, south, north, month: Month) -> bytes:
    bill = {"就诊时间": f"{month}-01 00:00", "医疗类别": "普通门诊", "急诊": "否"}
    emergency = bill | {"证件号码": TRAVELLER, "医疗类别": "急诊", "急诊": "是"}
    return csv(
        [
            {
                "单据号": "MZ1",
                "机构代码": south.code,
                "证件号码": ACTIVE,
                "总费用": "90.00",
                "政策范围内": "90.00",
            }
            | bill,
            {"单据号": "JZ1", "机构代码": south.code, "总费用": "50.00", "政策范围内": "50.00"} | emergency,
            {"单据号": "JZ2", "机构代码": north.code, "总费用": "80.00", "政策范围内": "80.00"} | emergency,
        ],
        encoding="utf-8-sig",
    )


def said(*, south, north, month: Month) -> bytes:
    """What the hospitals report of their month; the southern one adds up wrongly."""
    return csv(
        [
            {
                "机构代码": south.code,
                "年月": str(month),
                "人次": "2",
                "总费用": "150.00",
                "统筹支付": "95.00",
            },
            {"机构代码": north.code, "年月": str(month), "人次": "1", "总费用": "80.00", "统筹支付": "56.00"},
        ],
        encoding="utf-8-sig",
    )


def step(page, month: Month, name: str):
    """A step on the workbench's calendar of the month."""
    page.goto(f"/?month={month}")
    return (
        page.locator("table.calendar")
        .get_by_role("row")
        .filter(has=page.get_by_role("cell", name=name, exact=True))
    )


def prepare(clerk, month: Month, kind: str) -> Run:
    """From the workbench; the worker computes it."""
    begun = step(clerk, month, kind)
    assert "未开始" in begun.inner_text()
    begun.get_by_role("link", name="发起").click()
    clerk.get_by_role("button", name="发起").click()
    clerk.get_by_text("待审批").first.wait_for()
    assert clerk.get_by_role("button", name="复核通过").count() == 0
    return Run.objects.latest("pk")


def decide(page, run: Run, button: str) -> None:
    """A run that waits for her, from her inbox."""
    page.goto("/waiting/")
    page.get_by_role("link", name=f"#{run.pk}").click()
    assert fits(page)
    confirm(page, button)


def settle_the_difference(clerk, name: str) -> None:
    """The facility said more than is on record, and accepts what is."""
    clerk.goto("/settlement/reconciliation/")
    reload_until(clerk, clerk.get_by_role("row", name=name).get_by_text("有差异"))  # by the worker
    clerk.get_by_role("link", name=name).click()
    assert fits(clerk)
    clerk.get_by_role("checkbox").first.check()
    clerk.get_by_label("原因").select_option(label="机构统计有误，认可经办数据")
    clerk.get_by_role("button", name="处理所选差异").click()
    clerk.get_by_text("已处理1处差异").wait_for()


def sign_by_keyboard(auditor, statements: list[Statement]) -> None:
    """From the inbox through all that wait, without the mouse: agree and next, agree."""
    auditor.goto("/waiting/")
    for arrived in ("**/settlement/statement/?state__exact=reviewed", STATEMENT):
        auditor.keyboard.press("j")
        auditor.keyboard.press("Enter")
        auditor.wait_for_url(arrived)
    for left in range(len(statements), 0, -1):
        auditor.keyboard.press("a")
        auditor.wait_for_url("**/act/sign/")
        wanted = "同意并签署并办下一件（还有 1 件）" if left > 1 else "同意并签署"
        assert auditor.evaluate("document.activeElement.textContent") == wanted
        auditor.keyboard.press("Enter")
        auditor.wait_for_url(STATEMENT)


def paid_by_the_bank(orders: list[PaymentOrder], *, accountant, reviewer, cashier) -> None:
    choose_all(accountant, of=ORDERS, action="复核所选")
    accountant.get_by_text(f"已复核{len(orders)}张支付单").wait_for()
    choose_all(reviewer, of=ORDERS, action="放行所选")
    reviewer.get_by_text(f"已放行{len(orders)}张支付单").wait_for()
    assert fits(reviewer)

    cashier.get_by_role("link", name="银行文件").first.click()
    cashier.get_by_role("link", name="生成银行文件").click()
    cashier.get_by_role("button", name="生成银行文件").click()
    take = cashier.get_by_role("button", name="取走文件送银行")
    reload_until(cashier, take)  # written by the worker
    with cashier.expect_download() as download:
        take.click()
    sent = download.value.path().read_text(encoding="gbk")
    assert all(order.number in sent for order in orders)

    returned = [{"支付单号": order.number, "结果": "成功"} for order in orders]
    bring(accountant, "bank_returns", "回盘.csv", csv(returned, encoding="utf-8-sig"))


def table(page, title: str) -> list[list[str]]:
    """The rows of one of the page's tables, as they are read."""
    panel = page.locator("section.panel").filter(has=page.get_by_role("heading", name=title, exact=True))
    return [row.locator("td").all_inner_texts() for row in panel.locator("tbody tr").all()]


def yuan(amount: Decimal) -> str:
    return f"{amount:,.2f}"


def test_a_month_is_told(signed_in):
    for role in ("clerk", "reviewer", "auditor", "finance_accountant", "finance_cashier"):
        member(role)
    member("reviewer", "chief")
    # The document has no figure for retirees from 2025 on.
    rules_of("heyuan", change=("required: true}", "value: 105.00}"))
    month = Month.of(timezone.localdate())
    south = hospital("城南医院", bank_account="6222020200112233445", month=month)
    north = hospital("城北医院", bank_account="6222020200112233452", month=month)
    here = {"south": south, "north": north, "month": month}

    # The clerk enters who is insured, and has the month computed.
    clerk = signed_in("clerk")
    bring(clerk, "enrolments", "参保.xlsx", people(**here))
    credit, prepayment = prepare(clerk, month, "个人账户计入"), prepare(clerk, month, "定额包干预拨")
    assert (credit.rows, credit.amount, prepayment.amount) == (4, CREDITED, total(PREPAID))

    # Two others sign it, and it is posted.
    reviewer, accountant = signed_in("reviewer"), signed_in("finance_accountant")
    for run in (credit, prepayment):
        decide(reviewer, run, "复核通过")
        reviewer.get_by_text("待办环节：财务放行").wait_for()
        assert reviewer.get_by_role("button", name="放行过账").count() == 0
    for run in (prepayment, credit):
        decide(accountant, run, "放行过账")
        accountant.get_by_text("过账完成并封存").wait_for()
    name, content = downloaded(accountant, "Excel")
    assert name == f"个账计入花名册 {month}.xlsx"
    header, *rows = openpyxl.load_workbook(io.BytesIO(content)).active.iter_rows(values_only=True)
    assert {row[header.index("人员编号")]: f"{row[header.index('金额')]:.2f}" for row in rows} == CREDITS
    done = step(clerk, month, "个人账户计入")
    assert "已过账" in done.inner_text() and yuan(CREDITED) in done.inner_text()

    # The hospitals' visits are settled, stated and reconciled.
    assert "未报 2" in step(clerk, month + 1, "费用明细申报").inner_text()
    bring(clerk, "visits", "费用.csv", visits(**here))
    clerk.get_by_role("link", name="费用文件").click()
    clerk.get_by_text("已结算完毕").first.wait_for()  # by the worker
    assert fits(clerk)
    reload_until(clerk, step(clerk, month + 1, "费用明细申报").get_by_role("link", name="已报 2"))
    step(clerk, month + 1, "费用结算单").get_by_role("link", name="生成", exact=True).click()
    clerk.get_by_role("button", name="生成费用结算单").click()
    wait_until(lambda: Statement.objects.count() == 2, every=0.2)  # by the worker
    statements = list(Statement.objects.order_by("pk"))
    assert {each.facility.name: each.payable for each in statements} == STATED
    for each in statements:
        clerk.goto(f"/settlement/statement/{each.pk}/change/")
        act(clerk, "发给机构")
        act(clerk, "登记机构确认", 机构确认人="张院长", 签章件存档号=f"存{each.pk}")
    bring(clerk, "reported_months", "对账.csv", said(**here))
    different = next(each for each in statements if each.facility == south)
    reviewer.goto(f"/settlement/statement/{different.pk}/change/")
    act(reviewer, "同意并签署")
    reviewer.get_by_role("alert").wait_for()  # not with a difference open
    settle_the_difference(clerk, south.name)

    # Review, audit and release sign the statements.
    for each in statements:
        reviewer.goto(f"/settlement/statement/{each.pk}/change/")
        act(reviewer, "同意并签署")
        reviewer.get_by_text("已签署").first.wait_for()
        assert fits(reviewer)
    auditor = signed_in("auditor")
    sign_by_keyboard(auditor, statements)
    for each in statements:
        accountant.goto(f"/settlement/statement/{each.pk}/change/")
        act(accountant, "同意并签署")
        accountant.get_by_text("已入账").first.wait_for()
    assert yuan(total(STATED)) in step(clerk, month + 1, "费用结算单").inner_text()

    # What is owed goes to the bank and comes back paid.
    step(clerk, month + 1, "支付单").get_by_role("link", name="开单").click()
    assert fits(clerk)
    for made in (4, 2):  # what accounts paid and the statements; the prepayment
        clerk.goto(f"{ORDERS}make/")
        clerk.get_by_role("button", name="开具").first.click()
        clerk.get_by_text(f"已开具{made}张支付单").wait_for()
    orders = list(PaymentOrder.objects.all())
    owed = total(PREPAID) + total(SPENT) + total(STATED)
    assert (len(orders), sum(order.amount for order in orders)) == (6, owed)
    cashier = signed_in("finance_cashier")
    paid_by_the_bank(orders, accountant=accountant, reviewer=reviewer, cashier=cashier)
    assert {order.state for order in PaymentOrder.objects.all()} == {OrderState.PAID}
    assert {each.balance for each in Account.objects.filter(kind="payable")} == {0}
    assert "已支付 6" in step(clerk, month + 1, "银行报盘与回盘").inner_text()

    # The month's contributions arrive: entered by one, agreed to by another.
    accountant.goto("/accounts/fundreceipt/add/")
    accountant.get_by_label("收入科目").select_option("contribution")
    accountant.get_by_label("到账日期").fill(str(timezone.localdate()))
    accountant.get_by_label("金额").fill(str(RECEIVED))
    accountant.get_by_label("银行流水号").fill("S1")
    accountant.get_by_role("button", name="保存", exact=True).click()
    reviewer.goto("/waiting/")
    reviewer.get_by_role("link", name="1 笔基金收款").click()
    reviewer.locator("#result_list a").first.click()
    act(reviewer, "同意并入账")
    reviewer.get_by_text("收款单已入账。").wait_for()

    # The chief sees all of it, to the 分, and takes the figures along.
    chief = signed_in("chief")
    chief.get_by_role("link", name="基金运行").click()
    chief.get_by_role("button", name="立即更新").click()
    reload_until(chief, chief.get_by_text("与账簿核对一致"))  # summed by the worker
    assert fits(chief)
    figures = chief.locator("dl.numbers")
    shown = dict(
        zip(figures.locator("dt").all_inner_texts(), figures.locator("dd").all_inner_texts(), strict=True)
    )
    expense = FROM_THE_POOL + total(STATED)
    expected = {
        "收入": RECEIVED,
        "支出": expense,
        "收支差额": RECEIVED - expense,
        "期末余额": RECEIVED - expense,
        "未清算预付款": total(PREPAID),
        "个人账户结余": CREDITED - total(SPENT),
    }
    assert {name: shown[name] for name in expected} == {name: yuan(each) for name, each in expected.items()}
    lines = {(side, line): so_far for side, line, so_far, *_rest in table(chief, "按科目")}
    assert {line: so_far for line, so_far in lines.items() if so_far != "0.00"} == {
        ("收入", "保费收入"): yuan(RECEIVED),
        ("收入", "合计"): yuan(RECEIVED),
        ("支出", "划入个人账户"): yuan(FROM_THE_POOL),
        ("支出", "就诊费用结算"): yuan(total(STATED)),
        ("支出", "合计"): yuan(expense),
    }
    this_month = [str(month), *map(yuan, (RECEIVED, expense, RECEIVED - expense, RECEIVED - expense))]
    assert table(chief, "按月")[-1] == this_month
    name, content = downloaded(chief, "Excel (.xlsx)")
    assert name == f"基金运行-{month.year}.xlsx"
    book = openpyxl.load_workbook(io.BytesIO(content))
    for title in ("按科目", "按月", "按区县", "个人账户"):
        _header, *rows = book[title].iter_rows(values_only=True)
        assert [[read(cell) for cell in row] for row in rows] == table(chief, title)


def read(cell) -> str:
    """A cell of the workbook as the page has it."""
    if cell is None:
        return "–"
    return cell if isinstance(cell, str) else yuan(Decimal(str(cell)))
