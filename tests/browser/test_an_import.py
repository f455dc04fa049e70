"""A clerk's workbook with a bad row: what is good comes in, the bad row comes back, and all can be undone."""

import io
from decimal import Decimal

import openpyxl
import pytest

from insured.documents import document_index
from insured.models import Enrolment, Person
from tests.browser.hands import confirm, downloaded, fits, upload
from tests.files import enrolment, workbook
from tests.population import identity_card, member

pytestmark = pytest.mark.browser

GOOD, BAD = identity_card(11), identity_card(12)


def test_a_clerk_imports_a_workbook_and_corrects_its_bad_row(signed_in):
    member("clerk")
    page = signed_in("clerk")
    bad = enrolment(证件号码=BAD, 姓名="李四", 月缴费基数="五千")
    upload(page, "参保.xlsx", workbook([enrolment(证件号码=GOOD), bad]))
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

    upload(page, "参保.xlsx", corrected.getvalue())
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
