"""The import on the command line: previews, JSON, returned workbooks, exit status."""

import json

import pytest
from django.core.management import CommandError, call_command

from facilities.models import Facility
from insured.models import Person, Selection
from office.models import ImportFile, Origin
from settlement.models import FacilityUsage
from tests.files import cells_of, enrolment, workbook
from tests.population import contract, identity_card, insure, member

pytestmark = pytest.mark.django_db


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "名单.xlsx"
    path.write_bytes(workbook([enrolment(), enrolment(证件号码=identity_card(2), 姓名="")]))
    return path


def answer(capsys) -> dict:
    return json.loads(capsys.readouterr().out.splitlines()[-1])


def test_without_apply_nothing_is_written_but_the_returned_workbook(file, capsys):
    call_command("import_enrolments", str(file), "--json")
    said = answer(capsys)
    expected = {
        "rows": 2,
        "new": 1,
        "changed": 0,
        "unchanged": 0,
        "rejected": 1,
        "applied": False,
        "error": "",
    }
    assert said | expected == said
    assert said["returned"] == str(file.with_name("名单-退回.xlsx"))
    assert cells_of(file.with_name("名单-退回.xlsx"))[1][0] == identity_card(2)
    assert not Person.objects.exists()


def test_with_apply_the_good_rows_are_in_and_a_second_time_changes_nothing(file, capsys):
    call_command("import_enrolments", str(file), "--apply", "--json")
    assert answer(capsys)["applied"] is True
    assert Person.objects.count() == 1
    call_command("import_enrolments", str(file), "--json")
    assert "不会重复处理" in answer(capsys)["error"]
    call_command("import_enrolments", str(file), "--apply", "--json")
    said = answer(capsys)
    assert (said["applied"], said["new"], said["unchanged"]) == (False, 0, 1)
    assert "不会重复处理" in said["error"]


def test_in_words(file, capsys):
    call_command("import_enrolments", str(file))
    out = capsys.readouterr().out
    assert "rejected: 1\n" in out
    assert "row 3, 姓名：必填，但为空" in out
    assert "add --apply" in out


def test_a_refused_file_ends_with_status_1(tmp_path, capsys):
    path = tmp_path / "名单.xlsx"
    path.write_bytes(b"MZ")
    with pytest.raises(CommandError) as ended:
        call_command("import_enrolments", str(path), "--json")
    assert ended.value.returncode == 1
    assert answer(capsys)["error"] == str(ended.value) == "这是可执行程序，不是表格，与文件名无关。"
    with pytest.raises(CommandError, match="cannot be read"):
        call_command("import_enrolments", str(tmp_path / "没有.xlsx"))


def test_a_folder_that_cannot_be_written_is_said(file, capsys, monkeypatch):
    def full(*args):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("office.management.import_command.write_returned_workbook", full)
    call_command("import_enrolments", str(file), "--json")
    said = answer(capsys)
    assert said["returned"] is None
    assert "No space left on device" in said["error"]


def test_as_a_user_is_recorded_and_needs_the_setting(file, settings):
    clerk = member("clerk")
    call_command("import_enrolments", str(file), "--apply", "--as", "clerk")
    done = ImportFile.objects.get()
    assert (done.uploaded_by, done.applied_by, done.origin) == (clerk, clerk, Origin.COMMAND_LINE)
    settings.ALLOW_COMMAND_LINE_USERS = False
    with pytest.raises(CommandError, match="ALLOW_COMMAND_LINE_USERS"):
        call_command("import_enrolments", str(file), "--as", "clerk")


def test_only_who_may_import_may_import(file):
    member("auditor")
    with pytest.raises(CommandError, match="auditor 没有导入文件的权限"):
        call_command("import_enrolments", str(file), "--apply", "--as", "auditor")
    assert not ImportFile.objects.exists()


def test_the_other_files(tmp_path, capsys):
    person, hospital = insure(), contract()
    facility, values = "H44160200001", {"机构名称": "卫生院", "机构等级": "一级", "机构类型": "诊所"}
    first_choice = {"证件号码": person.document_number, "机构代码": hospital.code, "年度": "2023"}
    files = {
        "import_facilities": {"机构代码": facility, "区县代码": "441602"} | values,
        "import_agreements": {"机构代码": facility, "协议类型": "个人账户"}
        | {"起始日期": "2023-01-01", "终止日期": "2023-12-31"},
        "import_selections": first_choice | {"生效年月": "2023-01"},
    }
    for command, row in files.items():
        path = tmp_path / f"{command}.xlsx"
        path.write_bytes(workbook([row]))
        call_command(command, str(path), "--apply", "--json")
        assert answer(capsys)["new"] == 1
    assert Facility.objects.get(code="H44160200001").agreements.count() == 1
    assert Selection.objects.get().facility == hospital


def test_usage_of_a_year(tmp_path, capsys):
    hospital, path = contract(), tmp_path / "实际发生.xlsx"

    def report(actual: str, *options: str) -> dict:
        path.write_bytes(workbook([{"机构代码": hospital.code, "实际发生": actual}]))
        call_command("usage", "--year", "2023", "--input", str(path), "--json", *options)
        return answer(capsys)

    assert report("1000.50", "--preview")["new"] == 1
    assert not FacilityUsage.objects.exists()
    assert report("1000.50")["new"] == 1
    assert report("2000")["changed"] == 1
    usage = FacilityUsage.objects.get()
    assert (usage.scheme, usage.year, str(usage.actual)) == ("310", 2023, "2000.00")
    call_command("usage", "--year", "2024", "--input", str(path), "--json")
    assert answer(capsys)["new"] == 1
    path.write_bytes(workbook([{"机构代码": "H1", "实际发生": "-1"}]))
    with pytest.raises(CommandError, match="全部行均被退回"):
        call_command("usage", "--year", "2023", "--input", str(path))
