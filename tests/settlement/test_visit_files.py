"""Facilities' files of visits, from the workbook to what the fund, the accounts and the person pay."""

import json
from datetime import date
from decimal import Decimal

import pytest
from django.core.exceptions import ValidationError
from django.db import DatabaseError, connection, transaction

from accounts.models import Account, Transfer
from accounts.verify import verify_books
from facilities.models import Facility
from insured import merging, spells
from insured.models import CertifiedDisease, FamilyLink, Filing, Person, Referral, Selection
from office import imports
from office.policy import pack_of
from office.statements import statement
from policies.month import Month
from policies.trial import run_trial
from settlement.batches import settle, settle_held_again, take_back
from settlement.explaining import explain
from settlement.models import Accumulator, Visit, VisitBatch, VisitOutcome
from tests.cities import rules_of
from tests.files import applied, checked, notices, problems
from tests.population import agree, contract, fund, insure, member, select

pytestmark = pytest.mark.django_db
DAY = "2023-03-10"
YUAN = Decimal


def row(person: Person, facility: Facility, bill: str, eligible: str, **values: str) -> dict[str, str]:
    """A row of a visit file whose whole cost is eligible, but for what is given."""
    return {
        "单据号": bill,
        "机构代码": facility.code,
        "证件号码": person.document_number,
        "就诊时间": f"{DAY} 09:00",
        "医疗类别": "普通门诊",
        "总费用": eligible,
        "政策范围内": eligible,
    } | values


def settled(rows: list[dict]) -> None:
    """The file applied and settled."""
    file = applied(rows, name="费用.xlsx", kind="visits")
    for batch in VisitBatch.objects.filter(import_file=file):
        settle(batch.pk)
        assert not batch.chunks.exclude(error="").exists(), batch.chunks.get().error


def outcome(bill: str) -> VisitOutcome:
    return Visit.objects.get(bill=bill).outcome


def test_a_file_is_settled_in_order_of_time(db):
    person, clinic = insure(base="5000"), contract(level="primary")
    select(person, clinic, first="2023-01")
    fund(person, "50.00")
    settled(
        [
            row(person, clinic, "B2", "100.00", 就诊时间=f"{DAY} 10:00"),
            row(person, clinic, "B1", "80.00", 就诊时间=f"{DAY} 08:00"),
        ]
    )
    first, second = outcome("B1"), outcome("B2")
    assert (first.fund, first.account, first.cash) == (YUAN("56.00"), YUAN("24.00"), 0)
    assert (second.fund, second.account, second.cash) == (YUAN("60.00"), YUAN("26.00"), YUAN("14.00"))
    assert (second.before, second.delta) == ({"annual": 5600}, {"annual": 6000})
    assert Accumulator.objects.get().used == {"annual": 11600}
    assert Account.objects.get(person=person).balance == 0
    assert Account.objects.get(facility=clinic).balance == YUAN("50.00")
    assert_books_are_right()


def assert_books_are_right() -> None:
    assert [finding.wrong for finding in verify_books() if finding.wrong] == []


def test_a_pharmacy_under_an_agreement_for_accounts_alone_is_paid_by_them(db):
    person, pharmacy = insure(base="5000"), contract(kind="pharmacy", years=())
    fund(person, "50.00")
    agree(pharmacy, first=date(2023, 1, 1), last=date(2023, 12, 31), kind="account")
    settled([row(person, pharmacy, "P1", "80.00", 医疗类别="药店")])
    bought = outcome("P1")
    assert (bought.state, bought.reason) == ("denied", "facility_not_contracted")
    assert (bought.fund, bought.account, bought.cash) == (0, YUAN("50.00"), YUAN("30.00"))
    assert Account.objects.get(facility=pharmacy).balance == YUAN("50.00")


def test_relatives_accounts_pay_from_the_day_the_rules_let_them(db):
    """Family use of accounts begins at the end of 2023 (Nanchang 24)."""
    rules_of("nanchang")
    person, spouse, clinic = insure(base="5000"), insure(base="5000"), contract(level="primary")
    fund(person, "10.00")
    fund(spouse, "100.00")
    FamilyLink.objects.create(person=spouse, relative=person, relation="spouse", first_day=date(2023, 1, 1))
    settled(
        [
            row(person, clinic, "F1", "40.00", 就诊时间="2023-12-30 09:00"),
            row(person, clinic, "F2", "40.00", 就诊时间="2023-12-31 09:00"),
        ]
    )
    before, after = outcome("F1"), outcome("F2")
    assert (before.account, before.family_account, before.cash) == (YUAN("10.00"), 0, YUAN("30.00"))
    assert (after.account, after.family_account, after.cash) == (0, YUAN("40.00"), 0)
    assert_books_are_right()


# What the city's documents lack, entered for the tests.
INPATIENT = {
    "inpatient_rate": {
        "active": {"primary": 90, "secondary": 85, "tertiary": 80},
        "retired": {"primary": 95, "secondary": 90, "tertiary": 85},
    },
    "inpatient_deductible": {"primary": 200, "secondary": 400, "tertiary": 800},
    "inpatient_limit": 60000,
}


class Town:
    """Facilities of every level, one hospital out of the city and one without an agreement, and people whose
    records give visits their facts. `visit` enters a visit into the file and, with the facts it has by these
    records, into the trial that tells what must come of it."""

    def __init__(self, city: str, *, figures: dict | None = None) -> None:
        self.version = rules_of(city, figures=figures)
        self.pack = pack_of(self.version)
        levels = ("primary", "secondary", "tertiary")
        self.facilities = {level: contract(level=level) for level in levels}
        self.facilities["station"] = contract(kind="village_station", parent=self.facilities["primary"])
        self.facilities["uncontracted"] = contract(level="primary", years=())
        self.facilities["elsewhere"] = contract(level="tertiary")
        Facility.objects.filter(pk=self.facilities["elsewhere"].pk).update(county=None)
        self.rows: list[dict] = []
        self.lines: list[dict] = []

    def person(self, status: str = "active", **values) -> Person:
        scheme = self.pack.scheme
        if scheme == "390":
            status, values["base"] = "resident", None
        return insure(status=status, scheme=scheme, first="2023-01", **values)

    def visit(self, person: Person, where: str, eligible: str, *, told: dict | None = None, **facts) -> None:
        bill, facility = f"B{len(self.rows):03d}", self.facilities[where]
        given = {"就诊时间": f"2023-03-10 {8 + len(self.rows) // 60:02d}:{len(self.rows) % 60:02d}"}
        self.rows.append(row(person, facility, bill, eligible, **given | (told or {})))
        level = {"station": "primary", "uncontracted": "primary", "elsewhere": "tertiary"}.get(where, where)
        line = {
            "id": bill,
            "person": str(person.pk),
            "date": (told or {}).get("就诊时间", DAY)[:10],
            "category": "outpatient",
            "level": level,
            "total": eligible,
            "eligible": eligible,
        }
        if self.pack.scheme != "390":
            spell = person.enrolments.first()
            line |= {"status": spell.status, "birth_date": str(person.birth_date)}
        if where == "station":
            line["facility_kind"] = "village_station"
        self.lines.append(line | facts)

    def comes_out(self) -> dict[str, tuple]:
        """Settle the file; every outcome is what the trial says, and what the page says again."""
        settled(self.rows)
        results = run_trial(pack=self.pack, visits=[json.dumps(line) for line in self.lines])
        expected = {r["id"]: (r["state"], r["reason"] or "", r["fund"], r["deductible"]) for r in results}
        found = {}
        for visit in Visit.objects.select_related("outcome"):
            one = visit.outcome
            amounts = [None if amount is None else f"{amount:.2f}" for amount in (one.fund, one.deductible)]
            found[visit.bill] = (one.state, one.reason, *amounts)
            assert explain(visit, one).matches, visit.bill
        assert found == expected
        return {
            bill: (state if state != "denied" else reason, fund)
            for bill, (state, reason, fund, _d) in found.items()
        }


def certify(person: Person, code: str, kind: str) -> None:
    CertifiedDisease.objects.create(
        person=person, kind=kind, code=code, name=code, first_day=date(2023, 1, 1), evidence="诊断书"
    )


def refer(person: Person, by: Facility, to: Facility) -> None:
    Referral.objects.create(
        person=person, issued_by=by, to_facility=to, issued_on=date(2023, 3, 1),
        valid_until=date(2023, 3, 31), diagnosis="待查",
    )  # fmt: skip


def file_elsewhere(person: Person) -> None:
    Filing.objects.create(person=person, kind="resident", destination="广州", first_day=date(2023, 1, 1))


def test_heyuan(db):
    town = Town("heyuan")
    at, late, retired, absent = (town.person(s) for s in ("active", "flexible", "retired", "active"))
    suspended, dead = town.person(), town.person(died_on=date(2023, 3, 9))
    spells.suspend(suspended, month=Month(2023, 3), reason="欠费", by=member("clerk"))
    primary, tertiary = town.facilities["primary"], town.facilities["tertiary"]
    for person in (at, retired, dead):
        select(person, primary, first="2023-01")
    select(late, tertiary, first="2023-03")
    refer(at, primary, tertiary)
    file_elsewhere(retired)
    town.visit(at, "primary", "85.71", selected=True, selected_from="2023-01")
    town.visit(at, "secondary", "100.00", selected_from="2023-01")
    town.visit(at, "tertiary", "200.00", selected_from="2023-01", referred=True)
    town.visit(at, "secondary", "100.00", told={"急诊": "是"}, selected_from="2023-01", emergency=True)
    town.visit(at, "uncontracted", "100.00", gate="facility_not_contracted")
    town.visit(at, "elsewhere", "90.00", locality="unfiled")
    town.visit(retired, "primary", "50.00", selected=True, selected_from="2023-01")
    town.visit(retired, "elsewhere", "90.00", locality="filed")
    town.visit(
        retired, "primary", "60.00", told={"不予支付原因": "work_injury"}, selected=True, gate="work_injury"
    )
    town.visit(absent, "primary", "60.00", told={"医疗类别": "急诊"}, category="emergency")
    for _time in range(12):  # 1800 ÷ 12 × 10 = 1500 in all: ten visits of 150, and no more
        town.visit(late, "tertiary", "1000.00", selected=True, selected_from="2023-03")
    town.visit(suspended, "primary", "60.00", gate="suspended")
    town.visit(dead, "primary", "60.00", gate="not_insured")
    town.visit(at, "primary", "60.00", told={"就诊时间": "2022-12-31"}, gate="not_insured")
    found = town.comes_out()
    assert [found[f"B{number:03d}"] for number in (0, 1, 5)] == [
        ("paid", "60.00"),
        ("not_selected", "0.00"),
        ("not_selected", "0.00"),
    ]
    assert [found[f"B{number:03d}"][1] for number in (18, 19, 20, 21)] == ["150.00", "150.00", "0.00", "0.00"]


def test_honghe(db):
    town = Town("honghe", figures=INPATIENT)
    ill, other = town.person("retired"), town.person()
    certify(ill, "uremia", "special")
    certify(ill, "M01", "chronic")
    town.visit(other, "primary", "200.00")
    for _time in range(6):  # 5000 a year, then the inpatient rate
        town.visit(other, "tertiary", "2090.00")
    on_record = {"diseases": ["M01", "uremia"]}
    town.visit(
        ill,
        "tertiary",
        "20000.00",
        told={"医疗类别": "慢特病", "病种代码": "uremia"},
        category="special",
        disease="uremia",
        **on_record,
    )
    town.visit(
        ill,
        "secondary",
        "1000.00",
        told={"医疗类别": "14", "病种代码": "M01"},
        category="chronic",
        disease="M01",
        **on_record,
    )
    town.visit(
        other,
        "secondary",
        "1000.00",
        told={"医疗类别": "慢特病", "病种代码": "M01"},
        category="chronic",
        disease="M01",
    )
    town.visit(other, "uncontracted", "3000.00", told={"医疗类别": "急诊"}, category="emergency")
    town.visit(
        other,
        "tertiary",
        "4500.00",
        told={"医疗类别": "特药", "药品代码": "D1"},
        category="negotiated_drug",
        drug="D1",
    )
    town.visit(
        other,
        "tertiary",
        "4500.00",
        told={"医疗类别": "特药", "药品代码": "D1"},
        category="negotiated_drug",
        drug="D1",
    )
    town.visit(ill, "secondary", "6000.00", told={"医疗类别": "日间手术"}, category="day_surgery")
    town.visit(
        other,
        "primary",
        "300.00",
        told={"医疗类别": "药店", "处方机构代码": town.facilities["tertiary"].code},
        level="tertiary",
    )
    found = town.comes_out()
    assert found["B000"] == ("paid", "102.00")
    assert found["B009"] == ("not_certified", "0.00")
    assert found["B010"][0] == "paid"


def test_nanchang(db):
    town = Town("nanchang")
    one, retired = town.person(), town.person("retired")
    town.visit(one, "secondary", "1000.00")
    town.visit(one, "tertiary", "3000.00", told={"诊查费": "40.00"}, diagnosis_fee="40.00")
    town.visit(one, "primary", "5000.00", told={"诊查费": "20.00"}, diagnosis_fee="20.00")
    town.visit(retired, "primary", "900.00")
    town.visit(retired, "elsewhere", "900.00", locality="unfiled")
    town.visit(
        one,
        "primary",
        "900.00",
        told={"医疗类别": "慢特病", "病种代码": "X"},
        category="chronic",
        disease="X",
    )
    found = town.comes_out()
    assert found["B000"] == ("paid", "220.00")
    assert found["B005"] == ("held", None)


def test_shijiazhuang(db):
    town = Town("shijiazhuang")
    young, old, retired = town.person(), town.person(), town.person("retired")
    Person.objects.filter(pk=young.pk).update(birth_date=date(1978, 3, 11))  # 45 tomorrow
    Person.objects.filter(pk=old.pk).update(birth_date=date(1978, 3, 10))
    young.refresh_from_db(), old.refresh_from_db()
    town.visit(young, "secondary", "600.00")
    for person in (young, old, retired):
        town.visit(person, "tertiary", "8000.00")
    town.visit(old, "elsewhere", "100.00", locality="unfiled")
    found = town.comes_out()
    assert found["B000"] == ("paid", "300.00")
    assert [found[f"B{number:03d}"][1] for number in (1, 2, 3)] == ["1700.00", "2500.00", "4000.00"]


def test_shaoguan(db):
    town = Town("shaoguan")
    one, other = town.person(), town.person()
    baby = insure(status="resident", base=None, scheme="390", first="2023-05")
    Person.objects.filter(pk=baby.pk).update(birth_date=date(2023, 2, 1))
    primary, station, tertiary = (town.facilities[name] for name in ("primary", "station", "tertiary"))
    select(one, primary, first="2023-01")
    Selection.objects.create(
        person=one,
        facility=station,
        slot="station",
        first_month=Month(2023, 1),
        last_month=Month(2023, 12),
        kind="first",
    )
    refer(one, primary, tertiary)
    file_elsewhere(one)
    town.visit(one, "station", "20.00", told={"一般诊疗费": "10.00"}, selected=True, consultation_fee="10.00")
    town.visit(
        one, "primary", "100.00", told={"一般诊疗费": "12.00"}, selected=True, consultation_fee="12.00"
    )
    town.visit(one, "tertiary", "100.00", referred=True)
    town.visit(one, "secondary", "100.00")
    town.visit(one, "elsewhere", "500.00", locality="filed")
    town.visit(one, "primary", "1000.00", selected=True)
    town.visit(other, "primary", "10.00")
    town.visit(baby, "primary", "100.00", newborn=True)
    found = town.comes_out()
    assert found["B000"] == ("paid", "10.50")
    assert found["B006"] == ("not_selected", "0.00")
    assert found["B007"] == ("paid", "70.00")
    assert not Transfer.objects.exists()
    assert (
        Visit.objects.get(bill="B005").outcome.cash
        == YUAN("1000.00") - Visit.objects.get(bill="B005").outcome.fund
    )


def test_held_visits_are_settled_once_the_figure_is_entered(db):
    town = Town("honghe")
    person = town.person()
    town.visit(person, "tertiary", "3000.00", told={"医疗类别": "日间手术"})
    town.visit(person, "primary", "200.00")
    settled(town.rows)
    assert (outcome("B000").state, outcome("B001").fund) == ("held", YUAN("102.00"))
    rules_of("honghe", figures=INPATIENT)
    again = settle_held_again(scheme="310", by=member("clerk"))
    settle(again.pk)
    assert outcome("B000").fund == YUAN("2080.00")  # (3000 − 800 ÷ 2) × 80 %
    assert Accumulator.objects.get().used == {"outpatient": 10200, "inpatient": 208000}
    assert settle_held_again(scheme="310", by=member("clerk", "another")) is None


def test_refunds_give_back_exactly_what_was_used(db):
    person, clinic = insure(base="5000"), contract(level="primary")
    select(person, clinic, first="2023-01")
    fund(person, "70.00")
    given = {"个人账户支付": "20.00"}
    settled(
        [
            row(person, clinic, "B1", "80.00", **given),
            row(person, clinic, "B2", "100.00", 就诊时间=f"{DAY} 11:00"),
        ]
    )
    assert (outcome("B1").account, outcome("B2").account) == (YUAN("20.00"), YUAN("40.00"))
    refund = row(person, clinic, "R1", "80.00", 就诊时间="2023-03-11", 原单据号="B1")
    settled([refund, row(person, clinic, "B3", "50.00", 就诊时间="2023-03-12")])
    back = outcome("R1")
    assert (back.state, back.fund, back.account, back.cash) == (
        "reversed",
        YUAN("-56.00"),
        YUAN("-20.00"),
        YUAN("-4.00"),
    )
    assert Accumulator.objects.get().used == {"annual": 6000 + 3500}
    assert outcome("B3").account == YUAN("10.00")  # what was there before the refund
    assert Account.objects.get(person=person).balance == YUAN("20.00")
    # A visit and its refund in one file move money there and back.
    settled(
        [
            row(person, clinic, "B4", "90.00", 就诊时间="2023-03-13"),
            row(person, clinic, "R4", "90.00", 就诊时间="2023-03-14", 原单据号="B4"),
        ]
    )
    assert Accumulator.objects.get().used == {"annual": 9500}
    assert Account.objects.get(person=person).balance == YUAN("20.00")
    clerk = member("clerk")
    settle(take_back(Visit.objects.get(bill="B2"), by=clerk, reason="重复录入").batch_id)
    assert Accumulator.objects.get().used == {"annual": 3500}
    assert Account.objects.get(person=person).balance == YUAN("60.00")
    assert Account.objects.get(facility=clinic).balance == YUAN("10.00")
    with pytest.raises(ValidationError):
        take_back(Visit.objects.get(bill="B2"), by=clerk, reason="再退")
    assert [
        found for _row, _header, found in problems(checked([refund | {"单据号": "R9"}], kind="visits"))
    ] == ["the facility has no visit with the bill number “B1” that could be taken back"]
    assert_books_are_right()


def test_a_relatives_account_pays_after_the_own(db):
    holder, relative, clinic = insure(), insure(), contract(level="primary")
    select(relative, clinic, first="2023-01")
    FamilyLink.objects.create(person=holder, relation="parent", relative=relative, first_day=date(2023, 1, 1))
    fund(holder, "100.00")
    fund(relative, "10.00")
    settled(
        [
            row(relative, clinic, "B1", "200.00"),
            row(relative, clinic, "B0", "20.00", 就诊时间="2023-02-01", 个人账户支付="0"),
        ]
    )
    assert (outcome("B0").account, outcome("B0").cash) == (0, YUAN("6.00"))
    paid = outcome("B1")
    assert (paid.fund, paid.account, paid.family_account, paid.cash) == tuple(
        map(YUAN, ("60", "10", "100", "30"))
    )
    settle(take_back(Visit.objects.get(bill="B1"), by=member("clerk"), reason="退费").batch_id)
    assert Account.objects.get(person=holder).balance == YUAN("100.00")
    assert_books_are_right()


def test_what_is_wrong_with_rows_is_said_of_each(db):
    person, clinic = insure(), contract()
    select(person, clinic, first="2023-01")
    settled([row(person, clinic, "OLD", "80.00", 就诊时间=f"{DAY} 07:00")])
    wrong = [
        row(person, clinic, "OLD", "90.00"),
        row(person, clinic, "B1", "80.00", 全自费="0.01"),
        row(person, clinic, "B2", "80.00", 诊查费="80.01"),
        row(person, clinic, "B3", "80.00", 就诊时间="2023-02-30 08:00"),
        row(person, clinic, "B4", "80.00", 就诊时间="2023-02-20 25:00"),
        row(person, clinic, "B5", "80.00", 医疗类别="特药"),
        row(person, clinic, "B6", "80.00", 原单据号="OLD", 就诊时间="2023-03-01"),
        row(person, clinic, "B7", "10.00"),
        row(person, clinic, "B7", "10.00", 就诊时间="2023-03-01"),
        row(
            person, clinic, "B8", "80.00", 就诊时间=f"{DAY} 07:00"
        ),  # the same person, time and amount as OLD
    ]
    file = checked(wrong, kind="visits")
    assert [(number, header) for number, header, _message in problems(file)] == [
        (2, "单据号"), (3, "总费用"), (4, "政策范围内"), (5, "就诊时间"), (6, "就诊时间"), (7, "药品代码"),
        (8, "就诊时间"), (9, "单据号"), (10, "单据号"),
    ]  # fmt: skip
    assert (11, "单据号", "perhaps a duplicate: same person, time and amount (OLD)") in notices(file)
    imports.apply(file, by=None)
    assert Visit.objects.get(bill="B8").resembles


def test_reported_visits_stay(db):
    person, clinic = insure(), contract()
    settled([row(person, clinic, "B1", "80.00")])
    for change in (
        lambda: Visit.objects.update(total=1, eligible=1),
        lambda: Visit.objects.all()._raw_delete("default"),
        lambda: VisitOutcome.objects.update(fund=5),
    ):
        with pytest.raises(DatabaseError, match="is refused"), transaction.atomic():
            change()


def test_visits_on_record_are_looked_up_by_their_indexes_whatever_the_statistics_say(db):
    """All of them joined with all rows took hours where a month's file was the first since the tables were
    looked at."""
    person, clinic = insure(base="5000"), contract(level="primary")
    settled([row(person, clinic, "B1", "80.00")])
    with connection.cursor() as cursor:
        cursor.execute(
            "insert into settlement_visit select (jsonb_populate_record(visit, jsonb_build_object("
            " 'id', -n, 'bill', 'X' || n, 'at', visit.at - n * interval '1 minute'))).*"
            " from settlement_visit visit, generate_series(1, 5000) n"
        )
        plans = []

        def explained(execute, sql, params, many, context):
            if sql == statement("settlement/visits_facts"):
                execute(f"explain (format json) {sql}", params, many, context)
                plans.append(context["cursor"].fetchone()[0])
            return execute(sql, params, many, context)

        with connection.execute_wrapper(explained):
            checked([row(person, clinic, f"B{n}", f"{n}.00") for n in range(2, 40)], kind="visits")
    scans = [node for node in nodes(plans[0]) if node.get("Alias", "").startswith("visit")]
    assert len(scans) == 3
    for scan in scans:
        assert "Index Cond" in scan, scan["Alias"]


def nodes(plan):
    """Every node of an explained statement."""
    if isinstance(plan, list):
        for each in plan:
            yield from nodes(each)
    elif isinstance(plan, dict):
        yield plan
        yield from nodes(list(plan.values()))


def test_counters_go_along_when_records_are_merged_unless_both_have_some_of_one_year(db):
    kept, dropped, same_year = insure(first="2023-04"), insure(last="2022-12"), insure(last="2023-03")
    clinic = contract(level="primary")
    days = ((kept, "2023-04-10"), (dropped, "2022-11-10"), (same_year, "2023-03-10"))
    settled(
        [
            row(person, clinic, f"B{number}", "50.00", 就诊时间=f"{day} 09:00", 急诊="是")
            for number, (person, day) in enumerate(days)
        ]
    )
    told = {"reason": "同一人", "by": None}
    # Nobody can tell what of two rows of counters is one limit overspent: refused, and nothing has moved.
    with pytest.raises(ValidationError, match=str(Accumulator._meta.verbose_name)):
        merging.merge(kept=kept, dropped=same_year, **told)
    assert Visit.objects.filter(person=same_year).count() == 1
    merging.merge(kept=kept, dropped=dropped, **told)
    assert {each.year: each.used for each in Accumulator.objects.filter(person=kept)} == {
        2022: {"annual": 3500},
        2023: {"annual": 3500},
    }
    settle(take_back(Visit.objects.get(bill="B1"), by=member("clerk"), reason="退费").batch_id)
    assert {each.year: each.used for each in Accumulator.objects.filter(person=kept)} == {
        2022: {},
        2023: {"annual": 3500},
    }
