"""The enrolment file: a good row does what it says; rows that do not fit together are told apart."""

import re
from datetime import date, timedelta
from pathlib import Path

import pytest
from django.conf import settings
from django.utils import timezone, translation

from insured.models import Employer, Enrolment, Person, Selection
from office import imports, returned, uploads
from office.models import ImportFile, ImportRow, ImportState, Origin
from office.sealing import masked
from office.staging import Refused
from policies.month import Month
from tests.files import (
    PERSON,
    applied,
    checked,
    counts,
    csv,
    enrolment,
    notices,
    problems,
    refusal,
    returned_cells,
)
from tests.population import contract, identity_card, insure, select

pytestmark = pytest.mark.django_db

OTHER = identity_card(2)


def spells() -> list[tuple]:
    """All spells there are: person, scheme, status, base, first and last month."""
    return [
        (
            s.person.document_number,
            s.scheme,
            s.status,
            str(s.base),
            str(s.first_month),
            s.last_month and str(s.last_month),
        )
        for s in Enrolment.objects.select_related("person").order_by("person", "scheme", "first_month")
    ]


def test_wide_digits_and_invisible_characters_are_cleaned_and_noted():
    wide = "".join(chr(ord(character) + 0xFEE0) for character in PERSON)
    row = enrolment(
        证件号码=f" {wide}\u200b",
        姓名="\u3000张三\u00a0",
        月缴费基数="５０００．５０",
        生效年月="２０２３－０１",
    )
    file = applied([row])
    assert notices(file)[0] == (
        2, "证件号码", f"full-width or invisible characters were cleaned; read as “{masked(PERSON)}”",
    )  # fmt: skip
    assert [column for _row, column, _message in notices(file)] == [
        "证件号码",
        "姓名",
        "月缴费基数",
        "生效年月",
    ]
    person = Person.objects.get()
    assert (person.document_number, person.name) == (PERSON, "张三")
    assert spells() == [(PERSON, "310", "active", "5000.50", "2023-01", None)]


def test_a_county_of_another_city_rejects_its_row_and_most_of_them_the_file():
    ours = [enrolment(证件号码=identity_card(number)) for number in range(2, 5)]
    theirs = [enrolment(证件号码=identity_card(number), 区县代码="130102") for number in range(5, 9)]
    file = checked([*ours, theirs[0]])
    assert problems(file) == [(5, "区县代码", "“130102” belongs to another city")]
    message = "This is a file of another city: most of its county codes belong elsewhere."
    assert refusal(checked([*ours, *theirs])) == message


def test_a_new_person_with_everything():
    hospital = contract()
    file = applied([
        enrolment(
            证件类型="01", 人员编号="P1", 单位代码="E1", 单位名称="某厂", 终止年月="2023-06", 手机号码="138",
            选点机构代码=hospital.code, 选点生效年月="2023-02",
        )
    ])  # fmt: skip
    assert counts(file) == {"new": 1}
    assert file.counts["by_county"] == {"441602": {"new": 1}}
    person = Person.objects.get()
    assert (person.birth_date, person.sex, person.phone) == (date(1980, 1, 1), "1", "138")
    spell = Enrolment.objects.get()
    assert (spell.employer.name, spell.county.code) == ("某厂", "441602")
    assert spells() == [(PERSON, "310", "active", "5000.00", "2023-01", "2023-06")]
    choice = Selection.objects.get()
    assert (choice.facility, choice.kind, str(choice.first_month), str(choice.last_month)) == (
        hospital, "first", "2023-02", "2023-12",
    )  # fmt: skip


def test_names_of_schemes_work_as_their_codes_and_lower_case_x_as_upper():
    number = next(n for n in map(identity_card, range(1000)) if n.endswith("X"))
    applied(
        [enrolment(证件号码=number.lower(), 险种="职工", 参保身份="退休", 退休类别="机关", 月缴费基数="")]
    )
    spell = Enrolment.objects.get()
    assert (spell.status, spell.retirement_group, spell.base) == ("retired", "institution", None)
    assert spell.person.document_number == number


def test_other_documents_have_no_check_digit():
    applied([enrolment(证件类型="08", 证件号码="e1234567")])
    person = Person.objects.get()
    assert (person.document_number, person.birth_date, person.sex) == ("E1234567", None, "")


def test_a_later_row_ends_the_open_spell_and_says_so_in_the_preview():
    applied([enrolment()])
    file = checked([enrolment(月缴费基数="6000", 生效年月="2023-07")])
    assert counts(file) == {"changed": 1}
    [row] = returned.rows(file, outcome="changed")
    changes = [(change.label, change.old, change.new) for change in row.changes]
    assert ("月缴费基数", "5000.00", "6000.00") in changes
    assert changes[-1][1:] == ("", "2023-06")
    imports.apply(file, by=None)
    assert spells() == [
        (PERSON, "310", "active", "5000.00", "2023-01", "2023-06"),
        (PERSON, "310", "active", "6000.00", "2023-07", None),
    ]


def test_a_row_of_the_same_month_corrects_its_spell():
    applied([enrolment()])
    assert counts(applied([enrolment(参保身份="退休", 退休类别="企业", 月缴费基数="")])) == {"changed": 1}
    assert spells() == [(PERSON, "310", "retired", "None", "2023-01", None)]
    applied([enrolment(参保身份="退休", 退休类别="企业", 月缴费基数="", 终止年月="2023-09")])
    assert spells() == [(PERSON, "310", "retired", "None", "2023-01", "2023-09")]


def test_the_same_rows_again_change_nothing():
    rows = [
        enrolment(),
        enrolment(月缴费基数="6000", 生效年月="2023-07"),
        enrolment(证件号码=OTHER, 姓名="李四"),
    ]
    assert counts(applied(rows)) == {"new": 3}
    before = spells()
    again = checked([*rows, enrolment(证件号码=identity_card(3))])
    assert counts(again) == {"new": 1, "unchanged": 3}
    # The first row alone, without the one that ended it, is the same row too.
    assert counts(checked(rows[:1])) == {"unchanged": 1}
    imports.apply(again, by=None)
    assert spells()[: len(before)] == before


def test_nobody_is_in_two_schemes_in_the_same_month():
    applied([enrolment()])
    resident = {"险种": "390", "参保身份": "居民", "月缴费基数": ""}
    [(row, column, message)] = problems(checked([enrolment(**resident, 生效年月="2023-05")]))
    assert (row, column) == (2, "险种")
    assert message == "this person is insured in the other scheme for 2023-01–: end that first"
    ended = enrolment(终止年月="2023-04")
    crossing = problems(checked([ended, enrolment(**resident, 生效年月="2023-04")]))
    told = "insures the same person in the other scheme in the same months"
    assert [message for _row, _column, message in crossing] == [f"row 3 {told}", f"row 2 {told}"]
    applied([enrolment(**resident, 生效年月="2023-05"), ended])
    assert [(spell[1], spell[5] and str(spell[5])) for spell in spells()] == [
        ("310", "2023-04"),
        ("390", None),
    ]


@pytest.mark.parametrize(
    ("values", "overlapped"),
    [
        ({"生效年月": "2022-06", "终止年月": "2023-01"}, "2023-01–2023-06"),
        ({"生效年月": "2022-06"}, "2023-01–2023-06"),
        ({"生效年月": "2023-03", "终止年月": "2023-04"}, "2023-01–2023-06"),
        ({"生效年月": "2023-06"}, "2023-01–2023-06"),
        ({"生效年月": "2023-08", "终止年月": "2024-01"}, "2024-01–"),
    ],
)
def test_what_overlaps_on_record_is_rejected(values, overlapped):
    applied([enrolment(终止年月="2023-06"), enrolment(生效年月="2024-01")])
    before = spells()
    file = checked([enrolment(**values)])
    assert problems(file) == [(2, "生效年月", f"overlaps the enrolment on record for {overlapped}")]
    assert spells() == before


def test_between_two_spells_there_is_room():
    applied([enrolment(终止年月="2023-06"), enrolment(生效年月="2024-01")])
    applied([enrolment(生效年月="2023-07", 终止年月="2023-12")])
    assert [spell[4:] for spell in spells()] == [
        ("2023-01", "2023-06"),
        ("2023-07", "2023-12"),
        ("2024-01", None),
    ]


def test_rows_that_contradict_each_other_are_both_named():
    file = checked([enrolment(), enrolment(证件号码=OTHER), enrolment(月缴费基数="1")])
    message = "rows 2, 4 contradict each other: same person, scheme and month"
    assert problems(file) == [(2, "生效年月", message), (4, "生效年月", message)]
    assert counts(file) == {"new": 1, "rejected": 2}


def test_rows_that_repeat_each_other_are_both_named():
    message = "rows 2, 3 are the same: delete one of them"
    assert problems(checked([enrolment(), enrolment()])) == [
        (2, "生效年月", message),
        (3, "生效年月", message),
    ]


def test_rows_that_cross_each_other_are_both_named():
    file = checked([enrolment(终止年月="2023-06"), enrolment(生效年月="2023-06")])
    text = "overlaps row {}, which is for the same person and scheme"
    assert problems(file) == [(2, "生效年月", text.format(3)), (3, "生效年月", text.format(2))]


def test_two_names_for_one_document_and_two_people_for_one_number():
    file = checked([enrolment(), enrolment(姓名="张四", 生效年月="2023-07")])
    message = "rows 2, 3 give the same document different names"
    assert problems(file) == [(2, "姓名", message), (3, "姓名", message)]
    file = checked([enrolment(人员编号="P1"), enrolment(证件号码=OTHER, 人员编号="P1")])
    message = "rows 2, 3 give the same person number to different people"
    assert problems(file) == [(2, "人员编号", message), (3, "人员编号", message)]


def test_a_persons_rows_fall_together():
    file = checked([enrolment(月缴费基数="x"), enrolment(生效年月="2023-07"), enrolment(证件号码=OTHER)])
    assert problems(file) == [
        (2, "月缴费基数", "“x” is not an amount"),
        (3, "Row", "goes together with row 2, which was rejected"),
    ]


def test_a_person_number_of_somebody_else():
    applied([enrolment(人员编号="P1")])
    file = checked([enrolment(证件号码=OTHER, 人员编号="P1")])
    assert problems(file) == [(2, "人员编号", "“P1” already belongs to another person")]


def test_an_employer_has_one_name_in_a_file_and_may_be_renamed():
    rows = [
        enrolment(单位代码="E1", 单位名称="某厂"),
        enrolment(证件号码=OTHER, 单位代码="E1", 单位名称="甲厂"),
    ]
    assert problems(checked(rows)) == [(3, "单位名称", "row 2 gives the same employer another name")]
    applied(rows[:1])
    assert counts(applied([rows[0] | {"单位名称": "新厂"}])) == {"changed": 1}
    assert Employer.objects.get().name == "新厂"


def test_a_changed_name_or_phone_is_a_change_and_an_empty_one_is_not():
    applied([enrolment(手机号码="1")])
    assert counts(applied([enrolment(姓名="张三丰", 手机号码="2")])) == {"changed": 1}
    assert counts(checked([enrolment(姓名="张三丰", 手机号码="")])) == {"unchanged": 1}
    person = Person.objects.get()
    assert (person.name, person.phone) == ("张三丰", "2")


def test_nobody_is_insured_after_death():
    person = insure(died_on=date(2022, 12, 5))
    file = checked([enrolment(证件号码=person.document_number, 姓名=person.name, 生效年月="2023-02")])
    assert problems(file) == [(2, "生效年月", "this person died on 2022-12-05")]


def test_a_selection_needs_an_agreement_an_insured_month_and_no_other_choice():
    hospital, other = contract(years=[2023]), contract()
    choice = {"选点机构代码": hospital.code}
    file = checked([enrolment(**choice, 选点生效年月="2024-01")])
    assert problems(file) == [
        (2, "选点机构代码", "the facility has no outpatient agreement in that month (article 14)")
    ]
    file = checked([enrolment(**choice, 选点生效年月="2023-02", 生效年月="2023-03")])
    assert problems(file) == [(2, "选点生效年月", "lies outside the months this row insures")]
    applied([enrolment(**choice, 选点生效年月="2023-02")])
    assert counts(checked([enrolment(**choice, 选点生效年月="2023-02")])) == {"unchanged": 1}
    file = checked([enrolment(选点机构代码=other.code, 选点生效年月="2023-02")])
    message = f"{hospital.code} is already chosen for this year: change it with a file of selections"
    assert problems(file) == [(2, "选点机构代码", message)]


def test_a_station_works_under_its_parents_agreement():
    centre = contract(kind="township_centre")
    station = contract(kind="village_station", parent=centre, years=[])
    applied([enrolment(选点机构代码=station.code, 选点生效年月="2023-01")])
    assert Selection.objects.get().facility == station


def test_the_returned_workbook_is_the_clerks_own_with_reasons_and_comes_back():
    rows = [
        enrolment(备注="=1+1", 月缴费基数="x"),
        enrolment(证件号码=OTHER),
        enrolment(证件号码=identity_card(3), 生效年月="2023-13", 区县代码="9"),
    ]
    file = imports.apply(checked(rows), by=None)
    header, first, second = returned_cells(file)
    assert header == [*file.header, "退回原因"]
    assert first[:-1] == [rows[0].get(name, "") for name in file.header]
    assert first[-1].startswith("第2行")
    assert "月缴费基数" in first[-1]
    assert second[-1].startswith("第4行")
    assert "生效年月" in second[-1] and "区县代码" in second[-1]
    corrected = [dict(zip(header, (cell or "" for cell in line), strict=True)) for line in (first, second)]
    corrected[0]["月缴费基数"] = "5000"
    corrected[1] |= {"生效年月": "2023-12"}
    again = checked(corrected)
    assert counts(again) == {"new": 1, "rejected": 1}
    header, line = returned_cells(imports.apply(again, by=None))
    assert header == [*file.header, "退回原因"]
    assert line[-1].startswith("第3行")


def test_the_same_content_is_applied_once():
    file = applied([enrolment()])
    again = imports.upload(
        layout="enrolments",
        name="别名.xlsx",
        content=uploads.blocks(file.stored_as),
        by=None,
        origin=Origin.PAGE,
    )
    assert again.repeats == file
    again = imports.check(again)
    assert counts(again) == {"unchanged": 1}
    with (
        translation.override("en"),
        pytest.raises(Refused, match=r"This file was applied on 20.* nothing is done twice"),
    ):
        imports.apply(again, by=None)
    with translation.override("en"), pytest.raises(Refused, match="nothing is done twice"):
        imports.apply(file, by=None)


def test_the_same_rows_in_another_order_and_another_kind_of_file_are_recognised():
    rows = [enrolment(手机号码="13800000000"), enrolment(证件号码=OTHER, 备注="x")]
    first = applied(rows)
    turned = csv([dict(reversed(row.items())) for row in reversed(rows)])
    again = checked(turned, name="b.csv")
    assert again.repeats == first
    assert counts(again) == {"unchanged": 2}
    assert checked([rows[0]]).repeats is None
    assert checked([rows[0], enrolment(证件号码=OTHER, 姓名="李四")]).repeats is None


def test_what_changed_since_the_preview_is_not_applied():
    file = checked([enrolment(), enrolment(证件号码=OTHER)])
    applied([enrolment(月缴费基数="7000")])
    before = spells()
    with (
        translation.override("en"),
        pytest.raises(Refused, match="1 rows would now come out differently, the first is row 2"),
    ):
        imports.apply(file, by=None)
    assert spells() == before
    assert counts(imports.check(file)) == {"new": 1, "changed": 1}
    assert imports.apply(file, by=None).state == ImportState.APPLIED


def test_rows_that_a_crash_or_time_took_away_are_not_taken_for_done():
    file = checked([enrolment()])
    ImportRow.objects.all().delete()
    with translation.override("en"), pytest.raises(Refused, match="no longer kept ready"):
        imports.apply(file, by=None)
    assert counts(imports.check(file)) == {"new": 1}


def test_files_are_kept_apart_from_others_and_not_for_good():
    waiting, done = checked([enrolment()]), applied([enrolment(姓名="李四")])
    folder = Path(settings.MEDIA_ROOT)
    stored = [folder / file.stored_as for file in (waiting, done)]
    assert folder.stat().st_mode & 0o777 == 0o700
    assert {path.stat().st_mode & 0o777 for path in stored} == {0o600}
    assert all(re.fullmatch("[0-9a-f]{32}", path.name) for path in stored)
    imports.forget_old_files()
    assert all(path.exists() for path in stored)
    ImportFile.objects.update(created_at=timezone.now() - timedelta(days=settings.UPLOADS_KEPT_DAYS))
    imports.forget_old_files()
    assert not any(path.exists() for path in stored)
    assert not ImportRow.objects.exists()
    states = {file.pk: file.state for file in ImportFile.objects.all()}
    assert states == {waiting.pk: ImportState.CANCELLED, done.pk: ImportState.APPLIED}


def test_nothing_is_applied_of_a_refused_cancelled_or_wholly_rejected_file():
    with translation.override("en"), pytest.raises(Refused, match="has not been checked"):
        imports.apply(checked(b""), by=None)
    file = imports.cancel(checked([enrolment()]))
    with translation.override("en"), pytest.raises(Refused, match="has not been checked"):
        imports.apply(file, by=None)
    with translation.override("en"), pytest.raises(Refused, match="Every row was rejected"):
        imports.apply(checked([enrolment(姓名="")]), by=None)
    with translation.override("en"), pytest.raises(Refused, match="nothing is done twice"):
        imports.cancel(applied([enrolment()]))


def test_months_of_a_selection_on_record_stay():
    person, hospital = insure(), contract()
    select(person, hospital, first="2023-03", kind="change")
    row = enrolment(
        证件号码=person.document_number, 姓名=person.name, 生效年月="2022-01", 选点生效年月="2023-01"
    )
    file = checked([row | {"选点机构代码": hospital.code}])
    assert problems(file) == [(2, "选点生效年月", "a selection from 2023-03 is already on record")]
    assert Selection.objects.get().first_month == Month(2023, 3)
