"""An import from upload to records through its pages, and who may do what."""

import io

import openpyxl
import pytest
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from insured.models import Person
from office import imports
from office.import_tasks import apply_import, undo_import
from office.models import ImportFile, ImportState
from tests.files import enrolment, workbook
from tests.population import contract, identity_card, select

GOOD, BAD = identity_card(1), identity_card(2)


def posted(client, content: bytes, *, name="参保.xlsx", **given):
    url = reverse("admin:office_importfile_add")
    return client.post(url, {"layout": "enrolments", "file": SimpleUploadedFile(name, content)} | given)


def checked(client, rows: list[dict]) -> ImportFile:
    posted(client, workbook(rows))
    return imports.check(ImportFile.objects.latest("pk"))


def page(client, import_file, query="") -> str:
    url = reverse("admin:office_importfile_change", args=[import_file.pk])
    return client.get(url + query).content.decode()


def test_a_file_is_looked_at_applied_and_its_bad_row_returned(sign_in):
    clerk = sign_in("clerk")
    file = checked(clerk, [enrolment(证件号码=GOOD), enrolment(证件号码=BAD, 月缴费基数="-1", 姓名="李四")])
    shown = page(clerk, file)
    assert "李四" in shown
    assert "月缴费基数" in shown
    assert not Person.objects.exists()

    under_way = clerk.post(reverse("admin:office_importfile_apply", args=[file.pk]), follow=True)
    assert "正在导入文件" in under_way.content.decode()
    apply_import(file.pk)
    assert "已导入" in page(clerk, file)
    assert Person.objects.get().document_number == GOOD

    returned = clerk.get(reverse("admin:office_importfile_returned", args=[file.pk]))
    header, row = openpyxl.load_workbook(io.BytesIO(returned.getvalue())).active.iter_rows(values_only=True)
    assert (row[header.index("证件号码")], header[-1]) == (BAD, "退回原因")

    again = clerk.post(reverse("admin:office_importfile_apply", args=[file.pk]), follow=True)
    assert "messages" in again.context
    assert Person.objects.count() == 1


def test_changed_rows_show_old_and_new(sign_in):
    clerk = sign_in("clerk")
    first = checked(clerk, [enrolment(证件号码=GOOD)])
    clerk.post(reverse("admin:office_importfile_apply", args=[first.pk]))
    apply_import(first.pk)
    second = checked(clerk, [enrolment(证件号码=GOOD, 月缴费基数="6000.00")])
    shown = page(clerk, second, "?rows=changed")
    assert "5000.00" in shown
    assert "6000.00" in shown


def test_a_file_that_is_refused_says_why(sign_in):
    clerk = sign_in("clerk")
    posted(clerk, b"", name="空.xlsx")
    file = imports.check(ImportFile.objects.latest("pk"))
    assert file.state == ImportState.REFUSED
    assert file.error in page(clerk, file)


def test_usage_needs_its_year(sign_in):
    clerk = sign_in("clerk")
    response = posted(clerk, workbook([{"机构代码": "H1", "实际发生": "1"}]), layout="usage", scheme="310")
    assert "请输入年度" in response.content.decode()
    posted(clerk, workbook([{"机构代码": "H1", "实际发生": "1"}]), layout="usage", scheme="310", year="2023")
    assert ImportFile.objects.get().parameters == {"year": 2023, "scheme": "310"}


def test_only_clerks_bring_files_in(sign_in):
    file = checked(sign_in("clerk"), [enrolment()])
    for role in ("reviewer", "auditor", "finance_accountant", "policy_officer", "system_administrator"):
        client = sign_in(role)
        # The accountant brings in what banks return, and no other file.
        assert posted(client, b"x").status_code == (200 if role == "finance_accountant" else 403), role
        assert ImportFile.objects.count() == 1, role
        for act in ("apply", "check", "cancel"):
            url = reverse(f"admin:office_importfile_{act}", args=[file.pk])
            assert client.post(url).status_code == 403, (role, act)
    for act in ("apply", "check", "cancel"):
        url = reverse(f"admin:office_importfile_{act}", args=[file.pk])
        assert sign_in("clerk").get(url).status_code == 405
    assert not Person.objects.exists()


def test_progress_and_giving_up(sign_in):
    clerk = sign_in("clerk")
    posted(clerk, workbook([enrolment()]))
    file = ImportFile.objects.get()
    url = reverse("admin:office_importfile_progress", args=[file.pk])
    assert clerk.get(url).status_code == 204
    imports.check(file)
    assert clerk.get(url).status_code == 286
    clerk.post(reverse("admin:office_importfile_cancel", args=[file.pk]))
    assert ImportFile.objects.get().state == ImportState.CANCELLED
    assert page(clerk, file)


def test_an_import_is_taken_back_on_its_page_with_a_reason(sign_in):
    clerk = sign_in("clerk")
    file = checked(clerk, [enrolment(证件号码=GOOD)])
    url = reverse("admin:office_importfile_undo", args=[file.pk])
    assert clerk.get(url).status_code == 302  # not applied yet
    clerk.post(reverse("admin:office_importfile_apply", args=[file.pk]))
    apply_import(file.pk)
    shown = clerk.get(url).content.decode()
    assert "将撤回的内容" in shown
    assert "参保人" in shown
    assert "请填写撤回原因" in clerk.post(url, {"reason": ""}, follow=True).content.decode()
    assert "正在撤回导入" in clerk.post(url, {"reason": "上传错了"}, follow=True).content.decode()
    assert sign_in("auditor").get(url).status_code == 403
    undo_import(file.pk)
    assert not Person.objects.exists()
    assert "上传错了" in page(clerk, file)

    again = checked(clerk, [enrolment(证件号码=GOOD)])
    clerk.post(reverse("admin:office_importfile_apply", args=[again.pk]))
    apply_import(again.pk)
    select(Person.objects.get(), contract(), first="2023-01")
    url = reverse("admin:office_importfile_undo", args=[again.pk])
    shown = clerk.get(url).content.decode()
    assert "选点登记：有1条属于它导入的参保人" in shown
    clerk.post(url, {"reason": "x"})
    undo_import(again.pk)
    assert "不能撤回：选点登记" in page(clerk, again)
    assert Person.objects.exists()


@pytest.mark.parametrize("layout", settings.IMPORT_LAYOUTS)
def test_every_layout_has_a_template(sign_in, layout):
    template = sign_in("clerk").get(reverse("admin:office_importfile_template", args=[layout])).getvalue()
    assert openpyxl.load_workbook(io.BytesIO(template)).sheetnames[1] == "填写说明"


def test_a_template_is_taken_by_the_check_as_it_is(sign_in):
    clerk = sign_in("clerk")
    template = clerk.get(reverse("admin:office_importfile_template", args=["enrolments"])).getvalue()
    book = openpyxl.load_workbook(io.BytesIO(template))
    header = [cell.value for cell in book.active[1]]
    [scheme] = [drop for drop in book.active.data_validations.dataValidation if "职工" in drop.formula1]
    assert (scheme.type, scheme.formula1) == ("list", '"职工,居民"')
    assert book.active.column_dimensions["A"].number_format == "@"
    told = [[cell.value for cell in row] for row in book["填写说明"].iter_rows()]
    assert ["险种", "是", "从以下选项中选择：职工、居民", "职工", ""] in told
    values = enrolment()
    book.active.append([values.get(name.rstrip("*"), "") for name in header])
    filled = io.BytesIO()
    book.save(filled)
    posted(clerk, filled.getvalue())
    assert imports.check(ImportFile.objects.get()).counts["new"] == 1
