"""A year under monthly clearing (Shaoguan 9(2)) on the database, against the same year in plain Python."""

from collections import Counter
from datetime import date
from decimal import Decimal

import pytest
from django.db import IntegrityError, transaction

from accounts.models import Account
from accounts.verify import verify_books
from facilities import agreements
from facilities.models import Assessment, AssessmentGrade, AssessmentItem, AssessmentScore
from facilities.placements import place
from office import returned, runs
from office.models import Run, Staff, Threshold
from office.refusal import RunRefused
from policies.month import Month
from settlement import payment_orders
from settlement.models import Clearing, FacilityUsage, Prepayment, Source, YearEnd, YearEndDeduction
from tests.accounts.test_credit_run import posted, prepared
from tests.cities import rules_of
from tests.files import checked
from tests.population import approved, contract, insure, member, released, select
from tests.settlement.plain_capitation import ClearedYear, fen
from tests.settlement.worksheet_formulas import check_worksheets

YEAR = 2024
SCALE = (
    "{from: 2023-01, article: 9(2)3, required: true}",
    "{from: 2023-01, article: 9(2)3, value: [{from: 90, share: 100}, {from: 80, share: 50}]}",
)


@pytest.fixture
def clerk(db):
    return member("clerk")


def residents(facility, count: int, first: int, last: int = 12):
    for _ in range(count):
        person = insure(status="resident", base=None, scheme="390")
        select(person, facility, first=f"{YEAR}-{first:02d}", last=f"{YEAR}-{last:02d}")


def run_of(clerk, kind: str, month: int, year: int = YEAR):
    return prepared(clerk, kind=kind, period=Month(year, month), scheme="390")


def assess(facility, score: int, *, by, signed_by, year: int = YEAR):
    item, _made = AssessmentItem.objects.get_or_create(year=year, number=1, title="质量", most=100)
    AssessmentGrade.objects.get_or_create(year=year, least=0, title="合格")
    assessment = Assessment.objects.create(facility=facility, year=year)
    AssessmentScore.objects.create(assessment=assessment, item=item, score=score, entered_by=by)
    assessment.signed_by, assessment.signed_at = signed_by, "2025-01-10T08:00:00Z"
    assessment.save()


def plain(heads: str, use: str, *, unused=(), **rest) -> ClearedYear:
    """A facility's year by heads and use month after month; one figure of use stands for all months."""
    used = [fen(amount) for amount in use.split()]
    by_month = {m: used[m - 1] if len(used) > 1 else used[0] for m in range(1, 13) if m not in unused}
    return ClearedYear([int(count) for count in heads.split()], by_month, **rest)


def figures(line: YearEnd):
    amounts = (
        line.quota, line.actual, line.payable, line.advance, line.carry, line.deposit, line.released, line.due
    )  # fmt: skip
    return tuple(None if amount is None else fen(amount) for amount in amounts)


def test_a_year_of_prepayments_clearings_and_deposits(clerk, client):
    """Ten facilities from exactly 80 % to no quota at all; a head is 5.00 a month, 4.00 of it in advance."""
    rules_of("shaoguan", change=SCALE)
    Threshold.objects.update(percent=None)  # a January of one person is no mistake here
    reviewer = member("reviewer")
    same = " ".join
    years = {
        "exactly 80 %": plain(same(["3"] * 12), "12.00", score=95, goes_on=True),
        "one cent below": plain(same(["3"] * 12), same(["12.00"] * 11 + ["11.99"]), score=85),
        "exactly 100 %": plain(same(["3"] * 12), "15.00", late=(4,), score=79),
        "above": plain(same(["2"] * 12), "12.01"),
        "zero use": plain(same(["2"] * 12), "0.00", score=100),
        "no quota": plain(same(["0"] * 12), same(["0"] * 2 + ["5.00"] + ["0"] * 9)),
        "negative": plain(same(["10"] + ["0"] * 11), same(["40.00"] * 2 + ["0.00"] * 10), score=90),
        "left for": plain(same(["6"] * 4 + ["7"] * 2 + ["2"] * 6), "17.37", score=90, unused=(12,)),
        "chosen from July": plain(same(["1"] * 6 + ["6"] * 6), "13.13", score=80),
        "suspended in July": plain(same(["3"] * 6 + ["0"] + ["3"] * 5), "7.77", gaps=(7,), score=90),
    }
    there = {name: contract() for name in years}
    for name in ("exactly 80 %", "one cent below", "exactly 100 %", "suspended in July"):
        residents(there[name], 3, 1)
    for name in ("above", "zero use"):
        residents(there[name], 2, 1)
    residents(there["negative"], 10, 1, 1)
    # One stays; two choose the other from July on; three chose a station that moves in July; one came in May,
    # for the whole year; the other has one of its own.
    left, other = there["left for"], there["chosen from July"]
    residents(left, 1, 1)
    for _ in range(2):
        person = insure(status="resident", base=None, scheme="390")
        select(person, left, first=f"{YEAR}-01", last=f"{YEAR}-06")
        select(person, other, first=f"{YEAR}-07", kind="change")
    station = contract(kind="village_station", parent=left, years=[])
    residents(station, 3, 1)
    residents(left, 1, 5)
    residents(other, 1, 1)
    place(station, first_month=Month(YEAR, 7), level="primary", parent=other, office="county", reason="划归")
    agreement = there["suspended in July"].agreements.get(first_day=date(YEAR, 1, 1))
    agreements.suspend(agreement, on=date(YEAR, 7, 1), reason="整改")
    agreements.lift(agreement, on=date(YEAR, 8, 1), reason="已整改")
    # Who goes on being paid by the month has heads in January; of the others December's carry comes off here.
    stays = insure(status="resident", base=None, scheme="390")
    select(stays, there["exactly 80 %"], first=f"{YEAR + 1}-01")
    for name, score in (
        ("exactly 80 %", 95), ("one cent below", 85), ("exactly 100 %", 79), ("zero use", 100),
        ("negative", 90), ("left for", 90), ("chosen from July", 80), ("suspended in July", 90),
    ):  # fmt: skip
        assess(there[name], score, by=clerk, signed_by=reviewer)

    late = FacilityUsage(facility=there["exactly 100 %"], month=Month(YEAR, 4), actual="15.00")
    late.scheme, late.year = "390", YEAR
    for name, year in years.items():
        FacilityUsage.objects.bulk_create(
            FacilityUsage(
                facility=there[name],
                scheme="390",
                year=YEAR,
                month=Month(YEAR, month),
                actual=Decimal(used) / 100,
            )
            for month, used in year.use.items()
            if (name, month) != ("exactly 100 %", 4)
        )
    told = {}
    for month in range(1, 13):
        posted(run_of(clerk, "prepayment", month))
        told[month] = run_of(clerk, "clearing", month)
        posted(told[month])
        if month == 4:
            late.save()
    year_end = posted(run_of(clerk, "year_end", 1))

    for name, year in years.items():
        facility = there[name]
        prepaid = {
            line.run.period.number: (fen(line.offset), fen(line.amount))
            for line in Prepayment.objects.filter(facility=facility)
        }
        assert prepaid == {m: (year.taken[m], year.paid[m]) for m in year.paid}, name
        cleared = {
            line.month.number: tuple(
                map(fen, (line.entitlement, line.actual, line.cleared, line.deposit, line.payable))
            )
            for line in Clearing.objects.filter(facility=facility)
        }
        assert cleared == year.cleared, name
        assert figures(year_end.year_ends.get(facility=facility)) == year.figures(), name

    names = {facility.pk: name for name, facility in there.items()}

    def noted(run) -> set:
        return {(names[e.facility_id], e.code, e.detail) for e in run.exceptions.all()}

    # The quota of nobody: its usage of March finds no prepayment, of the other months neither.
    assert noted(told[3]) - noted(told[1]) == {("negative", "usage_not_prepaid", "")}
    assert ("exactly 100 %", "month_without_usage", "2024-04") in noted(told[4])
    assert not {each for each in noted(told[5]) if each[1] == "month_without_usage"}
    assert noted(year_end) == {
        ("above", "not_assessed", ""),
        ("zero use", "no_usage", ""),
        ("no quota", "zero_quota", ""),
        ("left for", "month_not_cleared", "2024-12"),
    }
    # The documents' own figures, at three heads for three thousand: 144.00 -> 180.00, 143.99 -> 143.99.
    assert [years[name].final for name in ("exactly 80 %", "one cent below")] == [18000, 14399]
    # Ten heads for January alone: quota 50.00, 80.00 cleared, 2.00 still carried, 4.00 deposited, given back.
    assert (years["negative"].final, years["negative"].due) == (5000, -3000 - 200 + 400)
    # The next disbursement takes December's carry off where there is one: 12.00 - 0.60 was due, 4.00 are.
    january = posted(run_of(clerk, "prepayment", 1, YEAR + 1)).prepayments.get()
    assert (january.facility, january.entitlement, january.offset) == (
        there["exactly 80 %"],
        Decimal("4.00"),
        Decimal("0.60"),
    )

    receipts = {name: year.received for name, year in years.items()}
    receipts["exactly 80 %"] += 340
    kept = advanced = 0
    for name, facility in there.items():
        balances = {
            account.kind: fen(account.shown_balance) for account in Account.objects.filter(facility=facility)
        }
        assert balances.get("payable", 0) == receipts[name], name
        assert balances.get("deposit", 0) == years[name].kept, name
        kept += years[name].kept
        advanced += balances.get("advance", 0)
    # Still in advance: January's 4.00, and what the next prepayments have to take off.
    assert advanced == 400 + sum(year.advance for year in years.values())
    pool = Account.objects.get(kind="pool", scheme="390")
    assert -fen(pool.balance) == sum(receipts.values()) + kept - advanced
    # It is paid under sources of its own: what was prepaid, deposits given back, the rest of the year end.
    owed = Counter()
    for told_of in payment_orders.payable():
        owed[told_of.source] += fen(told_of.amount)
    back = sum(min(year.released or 0, max(year.due, 0)) for year in years.values())
    assert back > 0
    assert owed == {
        Source.PREPAYMENT: sum(sum(year.paid.values()) for year in years.values()) + 340,
        Source.DEPOSIT: back,
        Source.YEAR_END: sum(max(year.due, 0) for year in years.values()) - back,
    }
    assert [finding.wrong for finding in verify_books() if finding.wrong] == []

    # Each facility can recompute its worksheet: the formulas give the same, to the cent.
    client.force_login(reviewer)
    check_worksheets(client, year_end)
    page = client.get(f"/settlement/yearend/{year_end.year_ends.get(facility=there['negative']).pk}/change/")
    assert "-28.00" in page.content.decode()

    # What rests on what: a month stays while the year is settled, the year while January took off of it.
    month = Prepayment.objects.filter(run__period=Month(YEAR, 12)).first().run
    with pytest.raises(RunRefused, match=f"#{year_end.pk}"):
        runs.reverse(month, by=reviewer, origin="page", reason="人数有误")
    with pytest.raises(RunRefused, match=f"#{year_end.pk}"):
        runs.reverse(told[12], by=reviewer, origin="page", reason="用量有误")


def test_a_month_is_cleared_once_and_stays_while_its_carry_is_taken(clerk, client):
    """9(2)3 in its own figures: 12 000 in advance, of which 11 000, then 15 000 are used."""
    rules_of("shaoguan", change=("value: 60.00", "value: 60000.00"))
    Threshold.objects.update(percent=None)
    facility = contract()
    residents(facility, 3, 1)  # 60 000 / 12 * 3 heads * 80 % = 12 000.00
    with pytest.raises(RunRefused):  # nothing is prepaid yet
        run_of(clerk, "clearing", 1)
    runs.cancel(Run.objects.get(), by=clerk, origin="page", reason="尚未预拨")
    for month, actual in ((1, "11000.00"), (2, "15000.00")):
        usage = FacilityUsage(facility=facility, scheme="390", year=YEAR, month=Month(YEAR, month))
        usage.actual = actual
        usage.save()
    first = posted(run_of(clerk, "prepayment", 1))
    january = posted(run_of(clerk, "clearing", 1))
    line = january.clearings.get()
    assert (line.cleared, line.deposit, line.payable, line.carry) == (11000, 550, 10450, 1550)
    with pytest.raises(RunRefused, match=f"#{january.pk}"):
        runs.reverse(first, by=member("reviewer"), origin="page", reason="人数有误")
    second = posted(run_of(clerk, "prepayment", 2))
    assert (second.prepayments.get().offset, second.prepayments.get().amount) == (1550, 10450)
    line = posted(run_of(clerk, "clearing", 2)).clearings.get()
    assert (line.cleared, line.deposit, line.payable, line.carry) == (12000, 600, 11400, 600)
    with pytest.raises(RunRefused, match=f"#{second.pk}"):
        runs.reverse(january, by=Staff.objects.get(username="reviewer"), origin="page", reason="用量有误")


def test_usage_of_a_cleared_month_stays_and_a_year_has_one_form(clerk, client):
    rules_of("shaoguan")
    facility = contract()
    residents(facility, 3, 1)
    usage = FacilityUsage.objects.create(
        facility=facility, scheme="390", year=YEAR, month=Month(YEAR, 1), actual="11.00"
    )
    posted(run_of(clerk, "prepayment", 1))
    waiting = approved(run_of(clerk, "clearing", 1))
    FacilityUsage.objects.filter(pk=usage.pk).update(actual="10.00")
    with pytest.raises(RunRefused):  # it was computed from 11.00
        released(waiting)
    FacilityUsage.objects.filter(pk=usage.pk).update(actual="11.00")
    run = posted(waiting)
    with pytest.raises(IntegrityError, match="usage_by_month_or_year"), transaction.atomic():
        FacilityUsage.objects.create(facility=facility, scheme="390", year=YEAR, actual="20.00")

    rows = [
        {"机构代码": facility.code, "实际发生": "12.00", "年月": f"{YEAR}-01"},
        {"机构代码": facility.code, "实际发生": "7.00", "年月": f"{YEAR}-02"},
        {"机构代码": facility.code, "实际发生": "7.00", "年月": f"{YEAR - 1}-02"},
    ]
    file = checked(rows, kind="usage", parameters={"year": YEAR, "scheme": "390"})
    assert (file.counts["rejected"], file.counts["new"]) == (2, 1)
    told = "".join(str(problem) for row in returned.rejected_rows(file) for problem in row.problems)
    assert f"#{run.pk}" in told and "不在" in told
    client.force_login(clerk)
    form = {"facility": facility.pk, "scheme": "390", "year": YEAR, "month": f"{YEAR}-01", "actual": "9.00"}
    page = client.post(f"/settlement/facilityusage/{usage.pk}/change/", form)
    assert f"#{run.pk}" in page.content.decode()
    usage.refresh_from_db()
    assert usage.actual == Decimal("11.00")
    for change in (lambda: FacilityUsage.objects.update(actual=9), FacilityUsage.objects.all().delete):
        with pytest.raises(IntegrityError, match=f"#{run.pk}"), transaction.atomic():
            change()


def test_a_settled_year_takes_no_more_deductions(clerk, client):
    """60 a head: quota 180.00, all of it used, 4.00 a head prepaid for January; 30.50 taken off by audit."""
    rules_of("shaoguan")
    facility = contract()
    residents(facility, 3, 1)
    posted(run_of(clerk, "prepayment", 1))
    FacilityUsage.objects.create(facility=facility, scheme="390", year=YEAR, actual="180.00")
    client.force_login(clerk)
    form = {"facility": facility.pk, "scheme": "390", "year": YEAR, "kind": "20", "reason": "稽核扣款"}
    for amount in ("20.50", "10.00"):
        assert client.post("/settlement/yearenddeduction/add/", form | {"amount": amount}).status_code == 302
    run = posted(run_of(clerk, "year_end", 1))
    line = run.year_ends.get()
    assert (line.payable, line.deducted, line.due) == (180, Decimal("30.50"), Decimal("137.50"))
    client.force_login(Staff.objects.get(username="clerk"))
    page = client.post("/settlement/yearenddeduction/add/", form | {"amount": "5"})
    assert f"#{run.pk}" in page.content.decode()
    for change in (
        lambda: YearEndDeduction.objects.update(amount=1),
        lambda: YearEndDeduction.objects.create(**form | {"facility": facility, "amount": 5}),
        lambda: FacilityUsage.objects.create(facility=contract(), scheme="390", year=YEAR, actual="1.00"),
    ):
        with pytest.raises(IntegrityError, match=f"#{run.pk}"), transaction.atomic():
            change()
    sheet = client.get(f"/settlement/yearend/{line.pk}/change/").content.decode()
    assert "30.50" in sheet and "137.50" in sheet
    assert [finding.wrong for finding in verify_books() if finding.wrong] == []


def test_a_held_deposit_is_released_once_the_assessment_is_signed(clerk, client):
    """Of 11.00 cleared 0.55 is kept; at 85 points half of it is given back: 0.28, and 0.27 stays."""
    rules_of("shaoguan", change=SCALE)
    reviewer, facility = member("reviewer"), contract()
    residents(facility, 3, 1)
    FacilityUsage.objects.create(
        facility=facility, scheme="390", year=YEAR, month=Month(YEAR, 1), actual="11.00"
    )
    for kind in ("prepayment", "clearing", "year_end"):
        run = posted(run_of(clerk, kind, 1))
    line = run.year_ends.get()
    assert (line.deposit, line.released) == (Decimal("0.55"), None)

    def balances() -> list[Decimal]:
        whose = (("deposit", facility), ("payable", facility), ("pool", None))
        return [abs(Account.objects.get(scheme="390", kind=kind, facility=of).balance) for kind, of in whose]

    before = balances()
    client.force_login(reviewer)
    page, act = (f"/settlement/yearend/{line.pk}/{rest}/" for rest in ("change", "act/release"))
    assert "尚未审定" in client.get(act).content.decode()
    assess(facility, 85, by=clerk, signed_by=reviewer)
    assert all(told in client.get(act).content.decode() for told in ("0.28", "0.27"))
    assert client.post(act).status_code == 302
    assert "0.28" in client.get(page).content.decode()
    given, kept = Decimal("0.28"), Decimal("0.27")
    assert balances() == [Decimal(0), before[1] + given, before[2] - kept]
    assert client.post(act, follow=True).redirect_chain  # once
    assert balances() == [Decimal(0), before[1] + given, before[2] - kept]
    with pytest.raises(RunRefused, match=facility.name):
        runs.reverse(run, by=reviewer, origin="page", reason="用量有误")
    assert client.post(f"/settlement/yearend/{line.pk}/act/hold/", {"reason": "考核更正"}).status_code == 302
    assert balances() == before
    with pytest.raises(IntegrityError, match="is refused"), transaction.atomic():
        line.releases.update(score=100)
    assert client.post(act).status_code == 302
    client.force_login(clerk)
    assert client.get(act).status_code == 403
    assert [finding.wrong for finding in verify_books() if finding.wrong] == []
