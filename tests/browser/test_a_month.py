"""Two pieces of a clerk's month, as they are done in the browser."""

import io
from decimal import Decimal

import openpyxl
import pytest

from accounts.models import Account
from insured.documents import document_index
from insured.models import Enrolment, Person
from office.models import Run
from tests.files import enrolment, workbook
from tests.population import identity_card, insure, member

pytestmark = pytest.mark.browser

GOOD, BAD = identity_card(11), identity_card(12)


def fits(page) -> bool:
    """Whether nothing sticks out to the right; waits for a page that is still on its way."""
    return page.locator("html").evaluate("html => html.scrollWidth <= window.innerWidth")


def upload(page, content: bytes) -> None:
    page.get_by_role("link", name="数据导入").click()
    page.get_by_role("link", name="上传文件").click()
    page.get_by_label("文件（.xlsx 或 .csv）").set_input_files(
        {"name": "参保.xlsx", "mimeType": "application/octet-stream", "buffer": content}
    )
    page.get_by_role("button", name="上传并检查").click()


def confirm(page, button: str, within: str | None = None) -> None:
    """Press a button and confirm it in its dialog."""
    page.get_by_role("button", name=button, exact=True).click()
    page.get_by_role("dialog").get_by_role("button", name=within or button, exact=True).click()


def downloaded(page, link: str) -> tuple[str, bytes]:
    with page.expect_download() as download:
        page.get_by_role("link", name=link).click()
    return download.value.suggested_filename, download.value.path().read_bytes()


def test_a_clerk_imports_a_workbook_and_corrects_its_bad_row(signed_in):
    member("clerk")
    page = signed_in("clerk")
    bad = enrolment(证件号码=BAD, 姓名="李四", 月缴费基数="五千")
    upload(page, workbook([enrolment(证件号码=GOOD), bad]))
    page.get_by_role("button", name="确认导入").wait_for()  # checked meanwhile by the worker
    assert page.get_by_role("row", name="李四").count() == 1
    assert fits(page)
    confirm(page, "确认导入")
    page.get_by_text("已导入").first.wait_for()  # by the worker
    assert [person.document_number for person in Person.objects.all()] == [GOOD]

    name, content = downloaded(page, "下载退回文件")
    assert name == "参保-退回.xlsx"
    book = openpyxl.load_workbook(io.BytesIO(content))
    sheet = book.active
    place = [cell.value for cell in sheet[1]].index("月缴费基数") + 1
    assert sheet.cell(2, place).value == "五千"
    sheet.cell(2, place).value = "5000"
    corrected = io.BytesIO()
    book.save(corrected)

    upload(page, corrected.getvalue())
    confirm(page, "确认导入")
    page.get_by_text("已导入").first.wait_for()  # by the worker
    assert Enrolment.objects.get(person__document_index=document_index(BAD)).base == Decimal("5000.00")

    page.get_by_role("link", name="撤回……").click()
    assert page.get_by_role("row", name="参保人").count() == 1
    assert fits(page)
    page.get_by_label("原因").fill("上传错了")
    page.get_by_role("button", name="撤回导入").click()
    page.get_by_text("已撤回").first.wait_for()  # by the worker
    assert [person.document_number for person in Person.objects.all()] == [GOOD]


def test_a_month_is_prepared_approved_posted_and_its_roll_downloaded(signed_in):
    member("clerk")
    member("reviewer")
    member("finance_accountant")
    active, flexible = insure(base="5000.25"), insure(status="flexible", base="3000")
    retired = insure(status="retired", base=None, group="enterprise")
    insure(base=None)
    expected = {active: Decimal("100.01"), flexible: Decimal("60.00"), retired: Decimal("102.79")}

    clerk = signed_in("clerk")
    clerk.goto("/?month=2023-03")
    clerk.get_by_role("row", name="个人账户计入").get_by_role("link", name="发起").click()
    clerk.get_by_role("button", name="发起").click()
    clerk.get_by_text("待审批").first.wait_for()
    run = Run.objects.get()
    assert (run.rows, run.amount) == (3, sum(expected.values()))
    clerk.get_by_text("没有缴费基数").wait_for()
    assert clerk.get_by_role("button", name="复核通过").count() == 0

    reviewer = signed_in("reviewer")
    reviewer.get_by_role("link", name=f"#{run.pk}").first.click()  # it waits for her on the workbench
    assert fits(reviewer)
    confirm(reviewer, "复核通过")
    reviewer.get_by_text("待办环节：财务放行").wait_for()
    assert reviewer.get_by_role("button", name="放行过账").count() == 0

    finance = signed_in("finance_accountant")
    finance.get_by_role("link", name="待我办理 1").click()
    assert fits(finance)
    finance.get_by_role("link", name=f"#{run.pk}").click()
    confirm(finance, "放行过账")
    finance.get_by_text("过账完成并封存").wait_for()

    name, content = downloaded(finance, "Excel")
    assert name == "个账计入花名册 2023-03.xlsx"
    header, *rows = openpyxl.load_workbook(io.BytesIO(content)).active.iter_rows(values_only=True)
    roll = {row[header.index("人员编号")]: Decimal(str(row[header.index("金额")])) for row in rows}
    assert roll == {person.person_number: amount for person, amount in expected.items()}
    for person, amount in expected.items():
        assert Account.objects.get(person=person).balance == amount
