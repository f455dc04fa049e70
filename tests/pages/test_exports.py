"""Lists are taken away as they are filtered and scoped, on record, masked unless somebody says why not."""

import csv
import io
from datetime import timedelta

import openpyxl
import pytest
from django.conf import settings
from django.contrib import admin
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from insured.models import Enrolment, Person
from office import exports, uploads
from office.admin.records import RecordAdmin
from office.models import AccessRecord, Act, Export, Staff
from office.sealing import masked
from tests.population import insure, member

THERE = "441621"


def of(response) -> bytes:
    assert response.status_code == 200
    return b"".join(response.streaming_content)


def sheet(content: bytes) -> list[dict]:
    header, *rows = openpyxl.load_workbook(io.BytesIO(content)).active.iter_rows(values_only=True)
    return [dict(zip(header, row, strict=True)) for row in rows]


def noted() -> list[tuple]:
    acts = (Act.EXPORT, Act.EXPORT_OPENED, Act.DOWNLOAD)
    return list(
        AccessRecord.objects.filter(act__in=acts).order_by("pk").values_list("act", "subject", "detail")
    )


@pytest.fixture
def of_county(staff) -> Client:
    """The clerk of a county, in whose list is one person, called like a formula; two live in another."""
    insure(status="retired", base=None, group="enterprise")
    insure()
    person = insure(county=THERE, base="7000.50")
    Person.objects.filter(pk=person.pk).update(name="=1+1")
    client = Client()
    client.force_login(member("clerk", "of county", counties=(THERE,)))
    return client


def test_a_short_list_is_taken_away_as_it_is_filtered_and_scoped(of_county, sign_in):
    page = "/insured/enrolment/export/?status__exact=active"
    assert "1 条" in of_county.get(page).content.decode()
    [row] = sheet(of(of_county.post(page, {"extension": "xlsx", "numbers": "masked"})))
    spell = Enrolment.objects.get(county__code=THERE)
    assert row["参保人：姓名"] == "=1+1"
    assert (row["生效年月"], row["终止年月"], row["月缴费基数"]) == ("2022-01", None, 7000.5)
    assert (row["参保身份"], row["区县"]) == ("在职", "紫金县")
    assert row["证件号码"] == masked(spell.person.document_number)
    text = of(sign_in("clerk").post(page, {"extension": "csv", "numbers": "masked"})).decode("utf-8-sig")
    named = [line["参保人：姓名"] for line in csv.DictReader(io.StringIO(text))]
    assert len(named) == 2 and "'=1+1" in named  # of the whole city, less the retiree
    assert noted() == [
        ("export", "insured.enrolment", "1 xlsx; status__exact=active"),
        ("export", "insured.enrolment", "2 csv; status__exact=active"),
    ]


def test_numbers_in_full_need_the_right_and_a_reason_and_are_on_record(of_county):
    person = Person.objects.get(name="=1+1")
    number, page = person.document_number, "/insured/person/export/?q=" + person.document_number
    asked = {"extension": "xlsx", "numbers": "opened", "reason": ""}
    assert "请填写导出完整号码的原因" in of_county.post(page, asked).content.decode()
    [row] = sheet(of(of_county.post(page, asked | {"reason": "与社保核对"})))
    assert row["证件号码"] == number
    assert noted() == [("export_opened", "insured.person", f"1 xlsx; 与社保核对; q={masked(number)}")]
    clerk = Staff.objects.get(username="of county")
    clerk.groups.first().permissions.remove(*clerk.groups.first().permissions.filter(codename="show_person"))
    [row] = sheet(of(of_county.post(page, asked | {"reason": "与社保核对"})))
    assert row["证件号码"] == masked(number)


def test_a_long_list_is_written_in_the_background_for_whoever_asked_and_nobody_else(
    of_county, sign_in, monkeypatch
):
    monkeypatch.setattr(exports, "AT_ONCE", 0)
    page = "/insured/person/export/?q=" + Person.objects.get(name="=1+1").person_number
    response = of_county.post(page, {"extension": "xlsx", "numbers": "opened", "reason": "与社保核对"})
    assert response.url == "/exports/"
    assert "生成中" in of_county.get("/exports/").content.decode()
    export = Export.objects.get()
    with connection.cursor() as cursor:
        cursor.execute("select to_jsonb(e)::text from office_export e")
        assert "P0000" not in cursor.fetchone()[0]  # what was searched for
    exports.write(export.pk)
    exports.write(export.pk)  # a second delivery
    export.refresh_from_db()
    assert (export.state, export.rows, export.error) == ("done", 1, "")
    assert b"sheet" not in uploads.path_of(export.stored_as).read_bytes()
    file = f"/exports/{export.pk}/"
    [row] = sheet(of(of_county.get(file)))
    assert row["姓名"] == "=1+1" and row["证件号码"] == Person.objects.get(name="=1+1").document_number
    for other in ("clerk", "auditor"):
        assert sign_in(other).get(file).status_code == 404
        assert "完整" not in sign_in(other).get("/exports/").content.decode()
    assert [act for act, _subject, _detail in noted()] == ["export_opened", "download"]

    Export.objects.update(created_at=timezone.now() - timedelta(days=settings.EXPORTS_KEPT_DAYS))
    exports.forget_old()
    assert of_county.get(file).status_code == 404
    assert not uploads.path_of(export.stored_as).exists()
    assert "已删除" in of_county.get("/exports/").content.decode()
    Export.objects.update(state="waiting")
    exports.write(export.pk)  # a message that comes late
    assert not uploads.path_of(export.stored_as).exists()


def test_whoever_lost_the_right_meanwhile_gets_nothing(of_county, monkeypatch):
    monkeypatch.setattr(exports, "AT_ONCE", 0)
    of_county.post("/insured/person/export/", {"extension": "csv", "numbers": "masked"})
    Staff.objects.get(username="of county").groups.clear()
    exports.write(Export.objects.get().pk)
    export = Export.objects.get()
    assert (export.state, export.error) == ("failed", "您已无权导出此列表。")
    assert not uploads.path_of(export.stored_as).exists()


def test_every_list_is_exported_by_whoever_may_and_nobody_else(office, upload, sign_in):
    upload("机构代码\n1\n", layout="facilities")
    auditor, cashier = sign_in("auditor"), sign_in("finance_cashier")
    taken = 0
    for model, model_admin in admin.site._registry.items():
        listed = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")
        if not isinstance(model_admin, RecordAdmin) or auditor.get(listed).status_code != 200:
            continue
        assert f'href="{listed}export/"' in auditor.get(listed).content.decode(), listed
        rows = sheet(of(auditor.post(f"{listed}export/", {"extension": "xlsx", "numbers": "masked"})))
        assert len(rows) == model.objects.count(), listed
        taken += 1
        assert f"{listed}export/" not in cashier.get(listed).content.decode()
        assert cashier.post(f"{listed}export/", {"extension": "xlsx"}).status_code == 403
    assert taken >= 10
