"""The file of selections: first choices, changes, choices carried over."""

from datetime import date

import pytest

from insured.choices import rules_of_rows
from insured.models import Person, Selection
from tests.files import applied, checked, counts, problems
from tests.population import contract, insure

pytestmark = pytest.mark.django_db


@pytest.fixture
def person():
    return insure()


@pytest.fixture
def hospital():
    return contract()


@pytest.fixture
def other():
    return contract()


def choice(person, facility, month="2023-01", kind="首次", **values: str) -> dict[str, str]:
    return {
        "证件号码": person.document_number,
        "年度": month[:4],
        "机构代码": facility.code,
        "生效年月": month,
        "类型": kind,
        "变更原因": "迁居" if kind == "变更" else "",
    } | values


def check(*rows):
    return checked(list(rows), kind="selections")


def enter(*rows):
    return applied(list(rows), kind="selections")


def choices() -> list[tuple]:
    return [
        (c.facility, str(c.first_month), str(c.last_month), c.kind)
        for c in Selection.objects.order_by("person", "first_month")
    ]


def test_first_changed_and_carried_over_in_one_file(person, hospital, other):
    rows = [
        choice(person, other, "2023-06", "变更", 变更原因="迁居"),
        choice(person, hospital, "2022-08"),
        choice(person, hospital, "2023-01", "沿用"),
    ]
    assert counts(enter(*rows)) == {"new": 3}
    assert choices() == [
        (hospital, "2022-08", "2022-12", "first"),
        (hospital, "2023-01", "2023-05", "carried"),
        (other, "2023-06", "2023-12", "change"),
    ]
    assert Selection.objects.get(kind="change").reason == "迁居"
    again = [*rows, choice(insure(), hospital)]
    assert counts(check(*again)) == {"new": 1, "unchanged": 3}
    assert counts(check(rows[2])) == {"unchanged": 1}


def test_a_change_ends_the_current_choice_the_month_before(person, hospital, other):
    enter(choice(person, hospital))
    file = enter(choice(person, other, "2023-04", "变更"), choice(person, hospital, "2023-09", "变更"))
    assert counts(file) == {"new": 1, "changed": 1}
    assert choices() == [
        (hospital, "2023-01", "2023-03", "first"),
        (other, "2023-04", "2023-08", "change"),
        (hospital, "2023-09", "2023-12", "change"),
    ]


def test_the_kind_may_be_left_out_of_a_first_choice(person, hospital):
    enter(choice(person, hospital, kind=""))
    assert choices() == [(hospital, "2023-01", "2023-12", "first")]


def test_faults_of_a_single_row(person, hospital, other):
    late, ended = insure(first="2023-06"), insure(last="2023-06")
    nobody = Person.of("440000000000000000", document_type="99")
    uncontracted = contract(years=[2022])
    enter(choice(person, hospital, "2023-03"))
    for row, column, message in [
        (choice(nobody, hospital), "证件号码", "nobody with the document “4400**********0000” is on record"),
        (choice(late, hospital, "2023-05"), "生效年月", "this person is not insured in 2023-05"),
        (choice(ended, hospital, "2023-07"), "生效年月", "this person is not insured in 2023-07"),
        (
            choice(late, hospital, "2023-07") | {"机构代码": "H1"},
            "机构代码",
            "there is no facility with the code “H1”",
        ),
        (
            choice(late, uncontracted, "2023-07"),
            "机构代码",
            "the facility has no outpatient agreement in that month (article 14)",
        ),
        (
            choice(late, hospital, "2023-07", 年度="2024"),
            "生效年月",
            "“2023-07” does not lie in the year 2024",
        ),
        (
            choice(late, hospital, "2023-07", 年度="23"),
            "年度",
            "“23” is not a year: write four digits, like 2023",
        ),
        (choice(late, hospital, "2023-07", "沿用"), "生效年月", "a choice carried over begins in January"),
        (
            choice(late, hospital, "2023-07", "变更"),
            "类型",
            "there is no earlier choice this year that could be changed",
        ),
        (choice(late, hospital, "2023-07", "换"), "类型", "“换” is not one of: 首次, 变更, 沿用"),
        (
            choice(person, other, "2023-05"),
            "类型",
            "a facility is already chosen for this year: enter a later choice as 变更 (article 16)",
        ),
        (
            choice(person, other, "2023-03", "变更"),
            "机构代码",
            f"{hospital.code} is chosen from this month: a change takes effect from a later one",
        ),
        (
            choice(person, hospital, "2023-05", "变更"),
            "机构代码",
            f"“{hospital.code}” is the facility chosen already",
        ),
    ]:
        file = check(row)
        assert problems(file) == [(2, column, message)]
    assert choices() == [(hospital, "2023-03", "2023-12", "first")]


def test_before_a_choice_on_record_there_is_no_room(person, hospital, other):
    enter(choice(person, hospital), choice(person, other, "2023-06", "变更"))
    file = check(choice(person, contract(), "2023-04", "变更"))
    assert problems(file) == [(2, "生效年月", "a selection from 2023-06 is already on record")]


def test_rows_of_one_month_are_both_named(person, hospital, other):
    message = "rows 2, 3 choose for the same person from the same month"
    assert problems(check(choice(person, hospital), choice(person, other))) == [
        (2, "生效年月", message),
        (3, "生效年月", message),
    ]


def test_two_first_choices_in_one_file(person, hospital, other):
    file = check(choice(person, hospital), choice(person, other, "2023-06"))
    assert problems(file) == [
        (2, "Row", "goes together with row 3, which was rejected"),
        (3, "类型", "a facility is already chosen for this year: enter a later choice as 变更 (article 16)"),
    ]


def test_a_station_takes_a_slot_of_its_own_where_the_rules_give_two(person, hospital, monkeypatch):
    station = contract(kind="village_station", parent=hospital, years=[])
    rows = [choice(person, hospital), choice(person, station)]
    assert len(problems(check(*rows))) == 2
    rules = [row | {"station_slot": "station"} for row in rules_of_rows(date(2023, 1, 1))]
    monkeypatch.setattr("insured.selections.rules_of_rows", lambda today: rules)
    enter(*rows)
    assert set(Selection.objects.values_list("facility", "slot")) == {
        (hospital.pk, "primary"),
        (station.pk, "station"),
    }


def test_a_facility_outside_the_city_needs_no_agreement(person):
    outside = contract(years=[])
    outside.county = None
    outside.save()
    enter(choice(person, outside))
    assert choices() == [(outside, "2023-01", "2023-12", "first")]
