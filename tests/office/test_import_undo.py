"""Taking an import back: everything is as before, unless something rests on it, which is then named."""

import pytest
from django.db import connection
from django.utils import translation

from facilities.models import Agreement, Facility
from insured.models import Employer, Enrolment, Person, Selection
from office import imports, runs, undoing
from office.models import History, ImportFile, ImportState, Overwritten
from office.staging import Refused
from policies.month import Month
from tests.files import PERSON, applied, checked, counts, enrolment, workbook
from tests.population import contract, identity_card, member, select

pytestmark = pytest.mark.django_db

TABLES = [Person, Enrolment, Employer, Selection, Facility, Agreement]


def records() -> dict[str, list[tuple]]:
    """Every column of every record."""
    found = {}
    with connection.cursor() as cursor:
        for model in TABLES:
            cursor.execute(f"select record::text from {model._meta.db_table} record order by id")
            found[model.__name__] = cursor.fetchall()
    return found


def taken_back(file: ImportFile, by) -> ImportFile:
    undoing.confirm_undo(file, by=by, reason="上传错了")
    return undoing.undo_confirmed(ImportFile.objects.get(pk=file.pk))


def refused(file: ImportFile, by) -> str:
    with translation.override("en"):
        file = taken_back(file, by)
        assert file.state == ImportState.APPLIED
        return file.error


def test_enrolments_are_taken_back_whole_and_may_come_again():
    clerk, hospital = member("clerk"), contract()
    known = Person.of(PERSON, name="张三", phone="13800000000")
    known.save()
    applied([enrolment(单位代码="E1", 单位名称="旧厂")])
    before = records()
    rows = [
        enrolment(
            姓名="张三丰",
            手机号码="13911111111",
            生效年月="2023-05",
            单位代码="E1",
            单位名称="新厂",
            区县代码="441621",
        ),
        enrolment(
            证件号码=identity_card(2), 姓名="李四", 单位代码="E2", 单位名称="另厂", 手机号码="13700000000"
        )
        | {"选点机构代码": hospital.code, "选点生效年月": "2023-01"},
    ]
    content = workbook(rows)
    file = applied(content)
    assert Overwritten.objects.count() == 1
    assert Person.objects.get(pk=known.pk).phone == "13911111111"

    done = taken_back(file, clerk)
    assert (done.state, done.undone_by, done.undo_reason) == (ImportState.UNDONE, clerk, "上传错了")
    assert records() == before
    assert Person.objects.get(pk=known.pk).phone == "13800000000"
    assert not Overwritten.objects.exists()
    last = History.objects.filter(model="insured.person", record=known.pk).latest("pk")
    assert (last.because, last.staff) == (f"import {file.pk}", clerk)
    with translation.override("en"), pytest.raises(Refused, match=undoing.NOT_APPLIED):
        undoing.undo(done, by=clerk, reason="again")

    again = checked(content)
    assert again.repeats is None
    assert counts(again) == {"new": 1, "changed": 1}
    imports.apply(again, by=clerk)
    assert Person.objects.count() == 2


def test_facilities_and_agreements_are_taken_back():
    clerk = member("clerk")
    row = {
        "机构代码": "H44160200001",
        "机构名称": "卫生院",
        "机构等级": "一级",
        "机构类型": "乡镇卫生院",
        "区县代码": "441602",
    }
    agreement = {"机构代码": "H44160200001", "协议类型": "普通门诊统筹", "起始日期": "2023-01-01"}
    first = applied([row | {"银行账号": "6222000011112222"}], kind="facilities")
    applied([agreement | {"终止日期": "2023-12-31"}], kind="agreements")
    before = records()
    station = row | {
        "机构代码": "H44160200002",
        "机构类型": "村卫生站",
        "机构等级": "未定级",
        "上级机构代码": "H44160200001",
    }
    changed = applied([row | {"银行账号": "6222000033334444"}, station], kind="facilities")
    longer = applied([agreement | {"终止日期": "2024-12-31", "协议编号": "2"}], kind="agreements")
    assert Facility.objects.get(code="H44160200001").bank_account == "6222000033334444"

    for file in (longer, changed):
        assert taken_back(file, clerk).state == ImportState.UNDONE
    assert records() == before
    assert "agreement: 1 belong to what it entered (facility: 卫生院 (H44160200001))" in refused(first, clerk)


def test_what_rests_on_an_import_is_named_and_nothing_is_taken_back():
    clerk = member("clerk")
    file = applied([enrolment(), enrolment(证件号码=identity_card(2), 姓名="李四")])
    after = records()
    later = applied([enrolment(月缴费基数="6000.00")])
    changed = records()
    assert changed != after
    said = refused(file, clerk)
    assert "enrolment: 1 changed since" in said
    assert f"#{later.pk}" in said
    assert records() == changed
    taken_back(later, clerk)
    assert records() == after
    run = runs.prepare(kind="credit", scheme="310", period=Month(2023, 3), by=clerk, origin="page")
    runs.compute(run.pk)
    said = refused(file, clerk)
    assert (
        f"#{run.pk} Personal account credits 2023-03 (Awaiting approval): cancel or reverse it first" in said
    )
    assert "account: 2 belong to what it entered (insured person: 张三、李四)" in said

    person = Person.objects.get(name="李四")
    select(person, contract(), first="2023-01")
    assert "facility selection: 1 belong to what it entered (insured person: 李四)" in refused(file, clerk)


def test_no_reason_no_right_no_undo():
    file = applied([enrolment()])
    clerk = member("clerk")
    with translation.override("en"), pytest.raises(Refused, match=undoing.REASON_MISSING):
        undoing.confirm_undo(file, by=clerk, reason=" ")
    with pytest.raises(Refused):
        undoing.confirm_undo(file, by=member("auditor"), reason="x")
    with translation.override("en"), pytest.raises(Refused, match=undoing.NOT_APPLIED):
        undoing.confirm_undo(checked([enrolment(证件号码=identity_card(3))]), by=clerk, reason="x")
