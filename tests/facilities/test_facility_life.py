"""What facilities are by month, on which days agreements hold, how facilities close and are assessed."""

from datetime import date

import pytest
from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import DatabaseError, IntegrityError, connection, transaction
from django.db.models import F
from django.utils import timezone

from facilities import agreements
from facilities.assessments import enter_points, sign_off
from facilities.models import (
    Agreement,
    AgreementState,
    Assessment,
    AssessmentGrade,
    AssessmentItem,
    AssessmentScore,
    Facility,
    Placement,
    Suspension,
)
from facilities.placements import close, levels_in, office_by_rule, place, reopen
from insured.choices import ChoiceRefused, choose
from office import imports, runs
from office.acting import acting
from office.models import County, RunException, Staff
from policies.month import Month
from settlement.heads import contracted_in, heads_of
from tests.facilities.test_facility_files import (
    CENTRE,
    STATION,
    agreement,
    check_agreements,
    check_facilities,
    facility,
    import_facilities,
    station,
)
from tests.files import applied, checked, counts, problems, refusal, workbook
from tests.population import agree, contract, insure, member, select
from tests.settlement.test_capitation_by_pack import rules_of

pytestmark = pytest.mark.django_db
THIS_MONTH = Month.of(timezone.localdate())


def rows_of(query: str, *values) -> list[tuple]:
    with connection.cursor() as cursor:
        cursor.execute(query, values)
        return cursor.fetchall()


def moved(facility: Facility, *, to: Facility | None, first: Month, level: str = "ungraded") -> Placement:
    return place(facility, first_month=first, level=level, parent=to, office="county", reason="医共体调整")


def test_a_station_counts_at_the_parent_it_has_in_the_month():
    old, new = contract(), contract()
    below = contract(kind="village_station", level="ungraded", parent=old, years=[])
    for _each in range(3):
        select(insure(), below, first="2023-01")
    moved(below, to=new, first=Month(2023, 6))
    below.refresh_from_db()
    assert below.parent == new  # the current month's, in every list
    assert heads_of(scheme="310", month=Month(2023, 5)) == {old.pk: 3}
    assert heads_of(scheme="310", month=Month(2023, 6)) == {new.pk: 3}
    moved(below, to=old, first=THIS_MONTH + 1)
    below.refresh_from_db()
    assert below.parent == new  # what comes next month is not shown before
    Placement.objects.filter(facility=below, first_month=THIS_MONTH + 1).update(first_month=THIS_MONTH)
    below.refresh_from_db()
    assert below.parent == old


def test_levels_are_told_by_month_however_they_were_changed():
    hospital = contract(level="primary")
    hospital.level = "secondary"
    hospital.save()  # in place: from this month on
    assert [str(each.first_month) for each in hospital.placements.order_by("pk")] == ["None", str(THIS_MONTH)]
    assert levels_in(THIS_MONTH - 1)[hospital.pk] == "primary"
    assert levels_in(THIS_MONTH)[hospital.pk] == "secondary"


def test_no_facility_stands_under_itself_or_under_a_station():
    top, middle = contract(), contract()
    below = contract(kind="village_station", parent=middle)
    moved(middle, to=top, first=Month(2023, 1))
    for child, parent, said in ((top, middle, "stand under itself"), (top, below, "cannot be a parent")):
        with pytest.raises(ValidationError):
            moved(child, to=parent, first=Month(2023, 3))
        with pytest.raises(IntegrityError, match=said), transaction.atomic():
            Facility.objects.filter(pk=child.pk).update(parent=parent)
    with pytest.raises(IntegrityError, match="cannot be a station"), transaction.atomic():
        Facility.objects.filter(pk=middle.pk).update(kind="village_station")
    # In months that do not meet it is no circle.
    moved(middle, to=None, first=Month(2024, 1))
    moved(top, to=middle, first=Month(2024, 1))
    with pytest.raises(IntegrityError, match="stand under itself"), transaction.atomic():
        Placement.objects.filter(facility=top, parent=middle).update(first_month=Month(2023, 12))


def test_a_file_changes_level_and_parent_from_its_month_and_keeps_what_was():
    import_facilities([facility(), facility(机构代码="H44160200009"), station()])
    file = import_facilities(
        [station(上级机构代码="H44160200009", 生效年月="2025-03"), facility(机构等级="二级")]
    )
    assert counts(file) == {"changed": 2}
    centre, below, other = Facility.objects.order_by("code")
    assert [
        (str(p), p.parent) for p in below.placements.order_by(F("first_month").asc(nulls_first=True))
    ] == [
        ("最初", centre),
        ("2025-03", other),
    ]
    assert below.parent == other
    assert [str(p) for p in centre.placements.order_by("pk")] == ["最初", str(THIS_MONTH)]
    again = station(上级机构代码=CENTRE, 生效年月="2025-02")
    assert problems(check_facilities([again])) == [
        (
            2,
            "生效年月",
            "another level, parent or office from 2025-03 on is on record: a change cannot begin before it",
        )
    ]


def test_a_file_is_told_of_circles_closed_parents_and_stations_that_are_parents():
    one, two, three = (f"H4416020000{number}" for number in (4, 5, 6))
    import_facilities([facility(机构代码=three)])
    rows = [
        facility(机构代码=one, 上级机构代码=two),
        facility(机构代码=two, 上级机构代码=three),
        facility(机构代码=three, 上级机构代码=one),
    ]
    message = "the facilities would stand under one another in a circle: "
    found = problems(check_facilities(rows))
    assert [row for row, *_rest in found] == [2, 3, 4]
    assert found[0][2] == f"{message}{one} (2) → {two} (3) → {three} (4) → {one} (2)"
    import_facilities([facility(), station()])
    assert problems(check_facilities([facility(机构类型="村卫生站", 上级机构代码=three)])) == [
        (2, "机构类型", "other facilities stand or stood under this one: it cannot become a station")
    ]
    centre, successor = Facility.objects.get(code=CENTRE), Facility.objects.get(code=three)
    close(centre, on=date(2024, 1, 1), successor=None, reason="撤并")
    new = station(机构代码="H44160200007")
    assert problems(check_facilities([new])) == [
        (2, "上级机构代码", "the parent has been closed since 2024-01-01: name another")
    ]
    reopen(centre, reason="误报")
    assert problems(check_facilities([new])) == []
    close(centre, on=date(2024, 1, 1), successor=successor, reason="撤并")
    assert problems(check_facilities([new])) == [
        (2, "上级机构代码", f"the parent is closed; its successor is {three}")
    ]
    assert problems(
        check_agreements([agreement(终止日期="2024-01-01"), agreement(终止日期="2023-12-31")])
    ) == [
        (2, "机构代码", "the facility is closed from 2024-01-01 on"),
        (2, "起始日期", "overlaps row 3, which is for the same facility and kind"),
        (3, "起始日期", "overlaps row 2, which is for the same facility and kind"),
    ]


def test_an_agreement_counts_on_the_days_on_which_it_holds_and_its_state_says_so():
    hospital = contract(years=[])
    below = contract(kind="village_station", parent=hospital, years=[])
    draft = Agreement.objects.create(
        facility=hospital, kind="outpatient", first_day=date(2023, 1, 1), last_day=date(2023, 12, 31)
    )

    def months() -> list[int]:
        found = [month for month in range(1, 13) if below.pk in contracted_in(Month(2023, month))]
        assert found == [m for m in range(1, 13) if hospital.pk in contracted_in(Month(2023, m))]
        return found

    def state(day: date) -> str:
        return Agreement.objects.with_state(day).get(pk=draft.pk).state

    assert (months(), state(date(2023, 3, 1))) == ([], AgreementState.DRAFT)
    with pytest.raises(ValidationError, match="草稿"):
        agreements.suspend(draft, on=date(2023, 3, 1), reason="违规")
    agreements.sign(draft, on=date(2023, 1, 5))
    assert months() == list(range(1, 13))
    agreements.suspend(draft, on=date(2023, 3, 15), reason="违规")
    assert months() == [1, 2, 3]
    with pytest.raises(ValidationError, match="已中止"):
        agreements.suspend(draft, on=date(2023, 4, 1), reason="违规")
    agreements.lift(draft, on=date(2023, 6, 30), reason="整改")
    assert months() == [1, 2, 3, 6, 7, 8, 9, 10, 11, 12]
    agreements.end(draft, on=date(2023, 10, 1), reason="解除")
    assert months() == [1, 2, 3, 6, 7, 8, 9, 10]
    close(hospital, on=date(2023, 9, 1), successor=None, reason="停业")
    assert months() == [1, 2, 3, 6, 7, 8]
    # The state and the days that count are told apart in code and agree on every day.
    [(days,)] = rows_of("select days from facilities_agreed where agreement_id = %s", draft.pk)
    for ordinal in range(date(2022, 12, 28).toordinal(), date(2024, 1, 3).toordinal()):
        day = date.fromordinal(ordinal)
        holds = any(day in part for part in days)
        assert (state(day) == AgreementState.IN_FORCE) == holds, day
    reopen(hospital, reason="恢复")
    agree(hospital, first=date(2023, 10, 2), last=date(2023, 12, 31))  # after the one that ended early
    assert months() == [1, 2, 3, 6, 7, 8, 9, 10, 11, 12]


def test_the_database_refuses_dates_that_contradict_one_another():
    [signed] = contract(years=[2023]).agreements.all()
    draft = contract(years=[]).agreements.create(
        kind="account", first_day=date(2023, 1, 1), last_day=date(2023, 12, 31)
    )
    Suspension.objects.create(agreement=signed, first_day=date(2023, 3, 1), reason="x")
    refused = [
        lambda: Agreement.objects.filter(pk=draft.pk).update(ended_on=date(2023, 5, 1), end_reason="x"),
        lambda: Agreement.objects.filter(pk=signed.pk).update(ended_on=date(2024, 5, 1), end_reason="x"),
        lambda: Agreement.objects.filter(pk=signed.pk).update(ended_on=date(2023, 5, 1)),
        lambda: Suspension.objects.create(agreement=signed, first_day=date(2023, 9, 1), reason="x"),
        lambda: Suspension.objects.update(lifted_on=date(2023, 2, 1), lift_reason="x"),
        lambda: Facility.objects.filter(pk=signed.facility_id).update(closed_on=date(2023, 1, 1)),
        lambda: Facility.objects.filter(pk=signed.facility_id).update(successor=draft.facility_id),
    ]
    for attempt in refused:
        with pytest.raises(IntegrityError), transaction.atomic():
            attempt()


def test_an_imported_row_signs_the_draft_and_an_ended_agreement_stays_ended():
    import_facilities([facility()])
    centre = Facility.objects.get()
    draft = centre.agreements.create(
        kind="outpatient", first_day=date(2023, 1, 1), last_day=date(2023, 12, 31)
    )
    assert counts(applied([agreement(签订日期="2022-12-20")], kind="agreements")) == {"changed": 1}
    draft.refresh_from_db()
    assert draft.signed_on == date(2022, 12, 20)
    agreements.end(draft, on=date(2023, 6, 30), reason="解除")
    assert counts(check_agreements([agreement()])) == {"unchanged": 1}
    assert problems(check_agreements([agreement(起始日期="2023-07-01")])) == []
    assert problems(check_agreements([agreement(终止日期="2023-05-31")])) == [
        (2, "终止日期", "the agreement on record was ended early on 2023-06-30")
    ]


def test_what_ends_soon_is_listed_until_the_next_one_is_signed(settings):
    settings.AGREEMENT_RENEWAL_DAYS = 60
    day = date(2023, 11, 15)
    due, later, ended, followed = (contract(years=[]) for _each in range(4))
    soon = agree(due, first=date(2023, 1, 1), last=date(2023, 12, 31))
    agree(later, first=date(2023, 3, 1), last=date(2024, 2, 29))
    agreements.end(
        agree(ended, first=date(2023, 1, 1), last=date(2023, 12, 31)), on=date(2023, 12, 1), reason="解除"
    )
    for year in (2023, 2024):
        agree(followed, first=date(year, 1, 1), last=date(year, 12, 31))
    assert list(agreements.to_renew(day=day)) == [soon]
    [draft] = agreements.draft_next([soon])
    assert (draft.first_day, draft.last_day, draft.signed_on) == (date(2024, 1, 1), date(2024, 12, 31), None)
    [waiting] = agreements.to_renew(day=day)
    assert waiting.next_draft == draft.pk
    agreements.sign(draft, on=date(2023, 12, 20))
    assert not agreements.to_renew(day=day)


def test_the_people_of_a_closed_facility_are_listed_with_its_successor():
    closed, successor = contract(), contract()
    person = insure()
    select(person, closed, first="2023-01")
    select(insure(), successor, first="2023-01")
    close(closed, on=date(2023, 12, 31), successor=successor, reason="合并")
    run = runs.prepare(
        kind="carry_over", scheme="310", period=Month(2023, 1), by=member("clerk"), origin="page"
    )
    runs.compute(run.pk)
    [found] = RunException.objects.filter(run=run)
    assert (found.code, found.person_id, found.facility_id) == ("facility_closed", person.pk, closed.pk)
    assert successor.code in found.detail
    row = {
        "证件号码": insure().document_number,
        "年度": "2024",
        "机构代码": closed.code,
        "生效年月": "2024-01",
    }
    assert problems(checked([row], kind="selections")) == [
        (2, "机构代码", "the facility is closed from 2023-12-31 on")
    ]
    with pytest.raises(ChoiceRefused, match=rf"停业。 承接机构为 .*{successor.code}"):
        choose(insure(), facility=closed, year=2024, today=date(2024, 1, 5))


def test_the_city_settles_with_the_levels_the_rules_name():
    assert office_by_rule("tertiary") == "county"  # Heyuan says nothing of it
    rules_of("nanchang")
    assert [office_by_rule(level) for level in ("tertiary", "secondary", "primary", "ungraded")] == [
        "city",
        "county",
        "county",
        "county",
    ]
    import_facilities([facility(机构等级="三级", 机构类型="医院"), station()])
    assert list(Facility.objects.order_by("code").values_list("office", flat=True)) == ["city", "county"]
    import_facilities([facility(机构等级="二级", 机构类型="医院")])
    assert Facility.objects.get(code=CENTRE).office == "county"
    import_facilities([station(经办归属="市级")])
    assert Facility.objects.get(code=STATION).office == "city"


def test_an_assessment_is_scored_by_one_signed_by_another_and_then_frozen():
    hospital, clerk, reviewer = contract(), member("clerk"), member("reviewer")
    items = [AssessmentItem.objects.create(year=2023, number=n, title=f"项目{n}", most=50) for n in (1, 2)]
    AssessmentGrade.objects.create(year=2023, least=60, title="合格")
    AssessmentGrade.objects.create(year=2023, least=90, title="优秀")
    assessment = Assessment.objects.create(facility=hospital, year=2023)
    enter_points(assessment, points={1: 45}, by=clerk)
    with pytest.raises(ValidationError, match="项目2"):
        sign_off(assessment, by=reviewer)
    with pytest.raises(ValidationError, match="0 到 50"):
        enter_points(assessment, points={2: 51}, by=clerk)
    with pytest.raises(IntegrityError, match="gives no"), transaction.atomic():
        AssessmentScore.objects.filter(item=items[0]).update(score=51)
    enter_points(assessment, points={1: 45, 2: 50}, by=clerk)
    assert rows_of("select * from facilities_assessed") == []
    Staff.objects.filter(pk=reviewer.pk).update(person_key=clerk.person_key, is_active=False)
    with pytest.raises(ValidationError, match="他人"):
        sign_off(assessment, by=Staff.objects.get(pk=reviewer.pk))
    with pytest.raises(IntegrityError, match="entered points"), transaction.atomic():
        Assessment.objects.update(signed_by=reviewer, signed_at=timezone.now())
    sign_off(assessment, by=member("auditor"))
    [(_number, of, year, score, result)] = rows_of("select * from facilities_assessed")
    assert (of, year, score, result) == (hospital.pk, 2023, 95, "优秀")
    frozen = [
        lambda: AssessmentScore.objects.update(score=1),
        lambda: AssessmentScore.objects.all()._raw_delete("default"),
        lambda: Assessment.objects.update(signed_by=None, signed_at=None),
        lambda: Assessment.objects.all()._raw_delete("default"),
        lambda: AssessmentGrade.objects.filter(title="优秀").update(least=96),
        lambda: AssessmentItem.objects.create(year=2023, number=3, title="新", most=1),
    ]
    for attempt in frozen:
        with pytest.raises(IntegrityError, match="signed off"), transaction.atomic():
            attempt()


def test_pages_write_for_their_own_county_and_in_nobody_elses_name():
    here, there = contract(), contract()
    station = contract(kind="village_station", parent=there)
    Facility.objects.filter(pk__in=[there.pk, station.pk]).update(county=County.objects.get(code="441621"))
    item = AssessmentItem.objects.create(year=2023, number=1, title="项目", most=100)
    assessments = [Assessment.objects.create(facility=each, year=2023) for each in (here, there)]
    clerk, other = member("clerk", counties=("441602",)), member("reviewer")
    suspend = (
        "insert into facilities_suspension (agreement_id, first_day, reason) values ({}, '2023-03-01', 'x')"
    )
    score = (
        "insert into facilities_assessmentscore (assessment_id, item_id, score, entered_by_id)"
        f" values ({{}}, {item.pk}, 1, {{}})"
    )
    attacks = {
        "row-level security": [
            suspend.format(there.agreements.first().pk),
            f"insert into facilities_placement (facility_id, first_month, level, office)"
            f" values ({there.pk}, '2023-03-01', 'tertiary', 'city')",
            score.format(assessments[1].pk, clerk.pk),
            f"insert into facilities_assessment (facility_id, year, remark) values ({there.pk}, 2022, '')",
        ],
        "in the name of another": [
            score.format(assessments[0].pk, other.pk),
            f"update facilities_assessment set signed_by_id = {other.pk}, signed_at = now()",
        ],
        "cannot be a parent": [
            f"update facilities_facility set parent_id = {station.pk} where id = {here.pk}"
        ],
    }
    for said, statements in attacks.items():
        for attack in statements:
            with (
                pytest.raises(DatabaseError, match=said),
                acting(staff=clerk, origin="page", role=settings.PAGES_ROLE),
                connection.cursor() as cursor,
            ):
                cursor.execute(attack)
    with acting(staff=clerk, origin="page", role=settings.PAGES_ROLE), connection.cursor() as cursor:
        cursor.execute(suspend.format(here.agreements.first().pk))
        cursor.execute(score.format(assessments[0].pk, clerk.pk))


def test_points_come_by_file_until_they_are_signed_off():
    hospital, clerk = contract(), member("clerk")
    AssessmentItem.objects.create(year=2023, number=1, title="项目", most=100)
    AssessmentGrade.objects.create(year=2023, least=0, title="合格")
    row = {"机构代码": hospital.code, "年度": "2023", "项目编号": "1", "得分": "88.5"}

    def check(*rows: dict, by=clerk):
        given = {"layout": "assessments", "name": "得分.xlsx", "origin": "page", "by": by}
        return imports.check(imports.upload(content=[workbook(list(rows))], **given))

    assert refusal(check(row, by=None)) == "Points are entered by somebody: upload the file signed in."
    assert problems(check(row, row | {"得分": "90"})) == [
        (2, "项目编号", "rows 2, 3 are for the same facility and item"),
        (3, "项目编号", "rows 2, 3 are for the same facility and item"),
    ]
    assert problems(check(row | {"项目编号": "2"}, row | {"得分": "100.5"}, row | {"项目编号": "一"})) == [
        (2, "项目编号", "the year has no item with the number “2”"),
        (3, "得分", "“100.5” is more than the item gives: at most 100.00"),
        (4, "项目编号", "“一” is not a number"),
    ]
    assert counts(imports.apply(check(row), by=clerk)) == {"new": 1}
    assert counts(imports.apply(check(row | {"得分": "90"}), by=clerk)) == {"changed": 1}
    [assessment] = hospital.assessments.scored()
    assert (assessment.total, assessment.scores.get().entered_by) == (90, clerk)
    sign_off(assessment, by=member("reviewer"))
    assert problems(check(row | {"得分": "95"})) == [
        (2, "得分", "the assessment of this year is signed off and stays as it is")
    ]
    assert counts(check(row | {"得分": "90.0"})) == {"unchanged": 1}
