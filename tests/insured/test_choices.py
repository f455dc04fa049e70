"""Choosing and changing a facility, as the rules of Heyuan (16-18) and Shaoguan (6) have it."""

import re
from datetime import date

import pytest
from django.db import IntegrityError
from django.utils.translation import override

from insured.choices import ChoiceRefused, change_choice, choose
from insured.models import Selection
from tests.cities import rules_of
from tests.files import applied, checked, problems
from tests.population import contract, insure, member, select

pytestmark = pytest.mark.django_db

MAY, SEPTEMBER, DECEMBER = date(2024, 5, 20), date(2024, 9, 1), date(2024, 12, 31)


def choices(person) -> list[tuple]:
    return [
        (choice.facility, str(choice.first_month), str(choice.last_month), choice.kind)
        for choice in person.selections.order_by("first_month", "slot")
    ]


def refused(article: str, act, *given, **named) -> None:
    before = list(Selection.objects.values())
    with override("en"), pytest.raises(ChoiceRefused, match=re.escape(f"(article {article})")):
        act(*given, **named)
    assert list(Selection.objects.values()) == before


@pytest.fixture
def outside():
    facility = contract(level="tertiary", years=[])
    facility.county = None
    facility.save()
    return facility


def test_a_year_of_choosing(outside):
    """First choice in May, changed in May and again, next year's from September on: 17, 18, 12(5)."""
    person, hospital, other = insure(first="2020-01"), contract(), contract()
    choose(person, facility=hospital, year=2024, today=MAY)
    assert choices(person) == [(hospital, "2024-05", "2024-12", "first")]
    refused("16", choose, person, facility=other, year=2024, today=MAY)
    refused("16", choose, person, facility=outside, year=2024, today=MAY)  # exactly one, in or outside
    refused("17", change_choice, person, facility=other, reason=" ", today=MAY)
    refused("16", change_choice, person, facility=hospital, reason="迁居", today=MAY)

    change_choice(person, facility=other, reason="迁居", today=MAY)
    assert choices(person) == [
        (hospital, "2024-05", "2024-05", "first"),
        (other, "2024-06", "2024-12", "change"),
    ]
    change_choice(person, facility=outside, reason="常驻外地", today=MAY)  # the change has not begun
    assert choices(person)[1:] == [(outside, "2024-06", "2024-12", "change")]
    assert person.selections.get(kind="change").reason == "常驻外地"

    refused("18", choose, person, facility=hospital, year=2025, today=date(2024, 8, 31))
    choose(person, facility=hospital, year=2025, today=SEPTEMBER)
    choose(person, facility=other, year=2025, today=DECEMBER)  # made anew: it has not begun
    assert choices(person)[2:] == [(other, "2025-01", "2025-12", "first")]
    refused("12(5)", change_choice, person, facility=hospital, reason="迁居", today=DECEMBER)
    refused("18", choose, person, facility=hospital, year=2026, today=DECEMBER)


def test_new_members_choose_any_time_and_from_when_they_are_insured():
    hospital = contract()
    new, later, never = insure(first="2024-03"), insure(first="2024-08"), insure(last="2023-12")
    choose(new, facility=hospital, year=2025, today=MAY)
    choose(later, facility=hospital, year=2024, today=MAY)
    assert choices(new) == [(hospital, "2025-01", "2025-12", "first")]
    assert choices(later) == [(hospital, "2024-08", "2024-12", "first")]
    refused("4", choose, never, facility=hospital, year=2024, today=MAY)
    refused("14", choose, new, facility=contract(years=[2023]), year=2024, today=MAY)
    with override("en"), pytest.raises(ChoiceRefused, match="No facility is chosen for this year"):
        change_choice(new, facility=hospital, reason="迁居", today=MAY)


def test_two_slots_of_the_resident_scheme(outside):
    rules_of("shaoguan")
    person = insure(status="resident", base=None, scheme="390")
    centre, hospital = contract(kind="township_centre"), contract(level="secondary")
    station = contract(kind="village_station", level="ungraded", parent=centre, years=[])
    choose(person, facility=centre, year=2025, today=MAY)  # no window there
    choose(person, facility=station, year=2025, today=MAY)
    assert set(person.selections.values_list("slot", "facility")) == {
        ("primary", centre.pk),
        ("station", station.pk),
    }
    for wrong in (hospital, outside):
        refused("6", choose, person, facility=wrong, year=2024, today=MAY)


def test_a_file_is_held_to_the_same_rules(outside, monkeypatch):
    """The day of the check is 2024-05-20: what began before was chosen before, and comes in as it is."""
    monkeypatch.setattr("insured.selections.timezone.localdate", lambda: MAY)
    person, new, hospital, other = insure(), insure(first="2024-02"), contract(), contract()

    def row(person, facility, month, kind="首次", reason=""):
        given = {"证件号码": person.document_number, "年度": month[:4], "机构代码": facility.code}
        return given | {"生效年月": month, "类型": kind, "变更原因": reason}

    def told(*rows) -> list[str]:
        return [message for *_where, message in problems(checked(list(rows), kind="selections"))]

    window = "this is not the time of choosing for next year, and the person is no new member (article 18)"
    assert told(row(person, hospital, "2025-01")) == [window]
    assert told(row(new, hospital, "2025-01"), row(person, hospital, "2022-09")) == []
    [_unsigned, ahead] = told(row(new, hospital, "2026-01"))
    assert ahead == "a facility is chosen for this year or for the next (article 18)"
    applied([row(person, hospital, "2024-01"), row(new, hospital, "2025-01")], kind="selections")
    assert told(row(person, other, "2024-06", "变更")) == ["a change needs its reason (article 17)"]
    assert told(row(person, other, "2024-07", "变更", "迁居")) == [
        "“2024-07” is too far ahead: a change holds from the next month on (article 12(5))"
    ]
    assert told(row(person, outside, "2024-04")) == [
        "a facility is already chosen for this year: enter a later choice as 变更 (article 16)"
    ]
    applied(
        [row(person, outside, "2024-06", "变更", "常驻外地"), row(new, other, "2025-01")], kind="selections"
    )
    assert choices(person) == [
        (hospital, "2024-01", "2024-05", "first"),
        (outside, "2024-06", "2024-12", "change"),
    ]
    assert choices(new) == [(other, "2025-01", "2025-12", "first")]

    rules_of("shaoguan")
    resident = insure(status="resident", base=None, scheme="390")
    hospital = contract(level="tertiary")
    level, city = (
        "is of a level that cannot be chosen",
        "lies outside the city: one in the city has to be chosen",
    )
    assert told(row(resident, hospital, "2024-03")) == [f"“{hospital.code}” {level} (article 6)"]
    assert f"“{outside.code}” {city} (article 6)" in told(row(resident, outside, "2024-03"))


def test_a_clerk_chooses_changes_and_corrects_on_the_page(client, monkeypatch):
    clerk = member("clerk", counties=("441602",))
    client.force_login(clerk)
    client.cookies["gongji_language_441600"] = "zh-hans"
    monkeypatch.setattr("insured.admin.choices.timezone.localdate", lambda: MAY)
    person, hospital, other = insure(), contract(), contract()
    elsewhere = insure(county="441621")
    url = "/insured/selection/add/"

    def ask(**given):
        asked = {"person": person.pk, "facility": other.pk, "act": "change", "reason": ""}
        return client.post(url, asked | given)

    assert "本年度尚未选定机构" in ask(reason="迁居").content.decode()
    assert ask(act="this", facility=hospital.pk).url == f"/insured/person/{person.pk}/change/"
    assert "第17条" in ask().content.decode()
    assert ask(reason="迁居").status_code == 302
    assert choices(person) == [
        (hospital, "2024-05", "2024-05", "first"),
        (other, "2024-06", "2024-12", "change"),
    ]
    assert "选择一个有效的选项" in ask(person=elsewhere.pk, act="this").content.decode()
    assert not elsewhere.selections.exists()

    page = client.get(f"/insured/person/{person.pk}/change/").content.decode()
    assert "变更选点" in page and hospital.name in page
    wrong = person.selections.get(kind="change")
    correct = f"/insured/selection/{wrong.pk}/change/"
    assert (
        "这个字段是必填项" in client.post(correct, {"facility": hospital.pk, "reason": ""}).content.decode()
    )
    assert client.post(correct, {"facility": hospital.pk, "reason": "录入错误"}).status_code == 302
    wrong.refresh_from_db()
    assert (wrong.facility, wrong.first_month.number, wrong.reason) == (hospital, 6, "录入错误")


def test_the_database_holds_one_choice_at_a_time():
    person, hospital = insure(), contract()
    select(person, hospital, first="2024-01")
    with pytest.raises(IntegrityError, match="selection_no_overlap_primary"):
        select(person, contract(), first="2024-06", kind="change")
