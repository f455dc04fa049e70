"""What happens to somebody insured: told from a month on, kept with what was before, and undone."""

from datetime import date
from decimal import Decimal

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils import translation

from insured import endings, merging, recording, spells
from insured.documents import sealed_document
from insured.models import Enrolment, FamilyLink, Person, PersonChange, PersonChangeKind, Selection
from insured.search import find_people
from office import undoing
from office.models import County, ImportState
from office.staging import Refused
from policies.month import Month
from tests.files import applied, checked, enrolment, problems
from tests.population import contract, insure, select

pytestmark = pytest.mark.django_db
BY = {"by": None, "reason": "证明材料"}


@pytest.fixture(autouse=True)
def in_english():
    with translation.override("en"):
        yield


def month(text: str) -> Month:
    return Month.parse(text)


def told(person: Person) -> list[tuple]:
    """Months, status and base of each spell."""
    return [
        (f"{s.first_month}–{s.last_month or ''}", s.status, s.base and str(s.base))
        for s in person.enrolments.order_by("first_month")
    ]


def chosen(person: Person) -> list[str]:
    return [f"{s.first_month}–{s.last_month}" for s in person.selections.order_by("first_month")]


def test_a_working_life_with_a_changed_past():
    person = insure(base="5000", first="2022-01")
    spells.change(person, month=month("2022-07"), last=month("2022-09"), base=Decimal("6000"), **BY)
    spells.suspend(person, month=month("2022-11"), last=month("2022-12"), **BY)
    spells.retire(person, completed=month("2023-03"), group="enterprise", **BY)
    spells.return_to_work(person, month=month("2023-06"), base=Decimal("7000"), **BY)
    assert told(person) == [
        ("2022-01–2022-06", "active", "5000.00"),
        ("2022-07–2022-09", "active", "6000.00"),
        ("2022-10–2022-10", "active", "5000.00"),
        ("2023-01–2023-03", "active", "5000.00"),
        ("2023-04–2023-05", "retired", None),
        ("2023-06–", "active", "7000.00"),
    ]
    spells.resume(person, month=month("2022-12"), **BY)
    spells.change(person, month=month("2022-08"), base=Decimal("8000"), **BY)  # all that came later, too
    assert [base for _months, _status, base in told(person)] == ["5000.00", "6000.00", *["8000.00"] * 6]
    kinds = list(PersonChange.objects.order_by("pk").values_list("kind", flat=True))
    assert kinds == ["changed", "suspended", "retired", "returned", "resumed", "changed"]


def test_what_cannot_be_is_refused_and_leaves_no_trace():
    person = insure(first="2022-01", last="2022-12")
    before = told(person)
    attempts = [
        (spells.retire, {"completed": month("2022-12"), "group": "enterprise"}, "not insured in 2023-01"),
        (spells.retire, {"completed": month("2222-12"), "group": "enterprise"}, "still to come"),
        (spells.return_to_work, {"month": month("2022-05"), "base": Decimal(1)}, "not retired in 2022-05"),
        (spells.suspend, {"month": month("2021-12")}, "not insured in 2021-12"),
        (spells.suspend, {"month": month("2022-05"), "last": month("2022-04")}, "before the first"),
        (spells.resume, {"month": month("2022-12")}, "insured in 2022-12 already"),
        (spells.change, {"month": month("2022-05"), "base": Decimal("5000")}, "Nothing would change"),
        (spells.change, {"month": month("2022-05"), "base": Decimal(-1)}, "below zero"),
        (spells.change, {"month": month("2022-05"), "status": "resident"}, "does not belong to the scheme"),
    ]
    for act, given, message in attempts:
        with pytest.raises(ValidationError, match=message):
            act(person, **given, **BY)
    with pytest.raises(ValidationError, match="Give a reason"):
        spells.suspend(person, month=month("2022-05"), by=None, reason=" ")
    assert told(person) == before
    assert not PersonChange.objects.exists()


def test_a_death_closes_everything_and_its_undoing_opens_exactly_that():
    person, facility = insure(first="2022-01"), contract()
    select(person, facility, first="2023-02")
    select(person, facility, first="2024-01", kind="carried")
    spells.change(person, month=month("2024-01"), base=Decimal("9000"), **BY)
    rows = list(Enrolment.objects.order_by("pk").values()), list(Selection.objects.order_by("pk").values())
    endings.end(person, kind="died", day=date(2023, 5, 14), **BY)
    person.refresh_from_db()
    assert person.died_on == date(2023, 5, 14)
    assert told(person) == [("2022-01–2023-05", "active", "5000.00")]
    assert chosen(person) == ["2023-02–2023-05"]
    with pytest.raises(ValidationError, match="died on 2023-05-14"):
        spells.resume(person, month=month("2023-06"), **BY)
    with pytest.raises(ValidationError, match="died on 2023-05-14"):
        endings.end(person, kind="emigrated", day=date(2023, 5, 1), **BY)
    death = PersonChange.objects.get(kind="died")
    recording.undo(death, **BY)
    person.refresh_from_db()
    assert person.died_on is None
    after = list(Enrolment.objects.order_by("pk").values()), list(Selection.objects.order_by("pk").values())
    assert after == rows
    with pytest.raises(ValidationError, match="undone already"):
        recording.undo(PersonChange.objects.get(pk=death.pk), **BY)


def test_what_came_later_is_undone_first():
    person = insure(first="2022-01")
    endings.end(person, kind="conscripted", day=date(2022, 9, 1), **BY)
    spells.resume(person, month=month("2024-09"), **BY)
    ending, resumed = PersonChange.objects.order_by("pk")
    with pytest.raises(ValidationError, match="Undo this first: Insurance resumed 2024-09"):
        recording.undo(ending, **BY)
    person.enrolments.filter(last_month=None).update(base="1.00")  # by hand, or by a file
    with pytest.raises(ValidationError, match="changed again since"):
        recording.undo(resumed, **BY)


def test_a_file_of_endings_does_what_is_done_by_hand():
    one, other, moved = insure(first="2022-01"), insure(first="2022-01"), insure(first="2022-01")
    for person in (one, other):
        spells.change(person, month=month("2023-08"), base=Decimal("9000"), **BY)
        select(person, contract(), first="2023-01")
    endings.end(one, kind="died", day=date(2023, 5, 14), **BY)
    rows = [
        {"证件号码": other.document_number, "日期": "2023-05-14", "原因": "死亡"},
        {"证件号码": moved.document_number, "日期": "2023-05-31", "原因": "跨省转移"},
    ]
    file = applied(rows, kind="endings")
    assert told(one) == told(other) == [("2022-01–2023-05", "active", "5000.00")]
    assert chosen(one) == chosen(other)
    assert Person.objects.get(pk=other.pk).died_on == date(2023, 5, 14)
    recorded = PersonChange.objects.get(person=other, kind="died")
    assert recorded.import_id == file.pk
    recording.undo(recorded, **BY)
    recording.undo(PersonChange.objects.get(person=moved), **BY)
    assert [base for _months, _status, base in told(other)] == ["5000.00", "9000.00"]
    assert told(moved) == [("2022-01–", "active", "5000.00")]
    again = checked([rows[0] | {"原因": "其他"}], kind="endings")
    assert problems(again) == []


def test_a_file_of_endings_is_taken_back_while_nothing_came_after():
    person = insure(first="2022-01")
    spells.change(person, month=month("2023-08"), base=Decimal("9000"), **BY)
    before = told(person)
    file = applied(
        [{"证件号码": person.document_number, "日期": "2023-05-14", "原因": "应征入伍"}], kind="endings"
    )
    spells.resume(person, month=month("2024-05"), **BY)
    with pytest.raises(Refused, match=f"{person.name}：Undo this first: Insurance resumed"):
        undoing.undo(file, by=None, reason="名单有误")
    recording.undo(PersonChange.objects.get(kind="resumed"), **BY)
    assert undoing.undo(file, by=None, reason="名单有误").state == ImportState.UNDONE
    assert told(person) == before
    assert PersonChange.objects.latest("pk").reason == "名单有误"


def test_endings_that_cannot_be_are_rejected_with_the_reason():
    person, gone = insure(first="2022-01"), insure(first="2022-01")
    endings.end(gone, kind="died", day=date(2023, 5, 14), **BY)
    late = insure(first="2023-01", last="2023-03")
    rows = [
        (person, "1950-01-01", "死亡", "lies before the birth on"),
        (gone, "2023-06-01", "死亡", "this person died on 2023-05-14"),
        (late, "2022-12-31", "死亡", "before the first month insured, 2023-01"),
        (late, "2023-04-30", "其他", "not insured after 2023-04: there is nothing to end"),
        (insure(), "2099-01-01", "死亡", "still to come"),
        (insure(), "2023-02-30", "死亡", "there is no such day"),
        (insure(), "2023-02-28", "失踪", "is not one of"),
    ]
    for somebody, day, kind, message in rows:
        line = {"证件号码": somebody.document_number, "日期": day, "原因": kind}
        found = problems(checked([line], kind="endings"))
        assert any(message in text for _row, _column, text in found), found
    twice = {"证件号码": person.document_number, "日期": "2023-05-01", "原因": "死亡"}
    unknown = twice | {"证件号码": "X1"}
    found = problems(checked([twice, twice | {"日期": "2023-05-02"}, unknown], kind="endings"))
    assert [message for _row, _column, message in found] == [
        "rows 2, 3 end the same person",
        "rows 2, 3 end the same person",
        "nobody with the document “X*” is on record",
    ]


def test_a_person_belongs_to_the_county_of_the_spell_that_is_left():
    person = insure(county="441602", first="2022-01")
    spells.change(person, month=month("2023-06"), county=County.objects.get(code="441621"), **BY)
    assert Person.objects.get(pk=person.pk).county.code == "441621"
    endings.end(person, kind="emigrated", day=date(2023, 3, 1), **BY)
    assert Person.objects.get(pk=person.pk).county.code == "441602"


def test_two_records_become_one_and_two_again():
    kept, dropped = insure(first="2023-01"), insure(first="2021-01", last="2022-12")
    select(dropped, contract(), first="2022-01")
    relative = {"relative_name": "李远", "relation": "spouse", "first_day": date(2022, 1, 1)}
    index, sealed, _tail = sealed_document("X123456")
    link = FamilyLink(
        person=dropped, relative_document_index=index, relative_document_sealed=sealed, **relative
    )
    link.save()
    rows = list(Enrolment.objects.order_by("pk").values())
    merging.merge(kept=kept, dropped=dropped, **BY)
    assert [months for months, _status, _base in told(kept)] == ["2021-01–2022-12", "2023-01–"]
    assert chosen(kept) == ["2022-01–2022-12"]
    assert kept.family_links.get() == link
    assert "sealed" not in str(PersonChange.objects.get().before)
    dropped.refresh_from_db()
    assert dropped.merged_into == kept
    assert dropped not in find_people(Person.objects.all(), dropped.document_number)
    line = enrolment(证件号码=dropped.document_number, 姓名=dropped.name, 生效年月="2024-01")
    assert "merged" in problems(checked([line]))[0][2]
    with pytest.raises(ValidationError, match="merged into another record"):
        endings.end(dropped, kind="died", day=date(2023, 5, 14), **BY)
    with pytest.raises(IntegrityError), transaction.atomic():
        Enrolment.objects.create(
            person=dropped, scheme="310", status="active", county=kept.county, first_month=month("2024-01")
        )
    recording.undo(PersonChange.objects.get(kind=PersonChangeKind.MERGED), **BY)
    dropped.refresh_from_db()
    assert dropped.merged_into is None
    assert list(Enrolment.objects.order_by("pk").values()) == rows
    assert chosen(dropped) == ["2022-01–2022-12"]
    assert bytes(dropped.family_links.get().relative_document_sealed) == sealed


def test_records_that_contradict_each_other_are_not_merged():
    kept, dropped, facility = insure(first="2022-01"), insure(first="2022-05", last="2022-06"), contract()
    with pytest.raises(ValidationError, match="both are insured in 2022-05"):
        merging.merge(kept=kept, dropped=dropped, **BY)
    dropped.enrolments.all().delete()
    select(kept, facility, first="2022-03")
    select(dropped, facility, first="2022-01")
    with pytest.raises(ValidationError, match="both have chosen a facility in 2022-03"):
        merging.merge(kept=kept, dropped=dropped, **BY)
    dropped.selections.all().delete()
    for person in (kept, dropped):
        person.accounts.create(kind="person", scheme="310")
    with pytest.raises(ValidationError, match=r"exclude each other \(account\)"):
        merging.merge(kept=kept, dropped=dropped, **BY)
    assert not PersonChange.objects.exists()
