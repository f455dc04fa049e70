"""A year under monthly clearing (Shaoguan 9(2)) on the database, against the same year in plain Python."""

from datetime import date
from decimal import Decimal
from fractions import Fraction

import pytest

from accounts.models import Account
from accounts.verify import verify_books
from facilities import agreements
from facilities.models import Assessment, AssessmentGrade, AssessmentItem, AssessmentScore
from facilities.placements import place
from office import runs
from office.models import Threshold
from office.refusal import RunRefused
from policies.month import Month
from settlement.models import Clearing, FacilityUsage, Prepayment, YearEnd
from tests.accounts.test_credit_run import posted, prepared
from tests.cities import rules_of
from tests.population import contract, insure, member, select

YEAR = 2024
SCALE = (
    "{from: 2023-01, article: 9(2)3, required: true}",
    "{from: 2023-01, article: 9(2)3, value: [{from: 90, share: 100}, {from: 80, share: 50}]}",
)


@pytest.fixture
def clerk(db):
    return member("clerk")


def half_up(amount: Fraction) -> int:
    """Whole 分, half up: independent of the portal's own rounding."""
    return int(amount + Fraction(1, 2))


def fen(amount) -> int:
    return int(Decimal(amount) * 100)


def residents(facility, count: int, first: int, last: int = 12):
    for _ in range(count):
        person = insure(status="resident", base=None, scheme="390")
        select(person, facility, first=f"{YEAR}-{first:02d}", last=f"{YEAR}-{last:02d}")


def run_of(clerk, kind: str, month: int, year: int = YEAR):
    return prepared(clerk, kind=kind, period=Month(year, month), scheme="390")


def assess(facility, score: int, *, by, signed_by):
    item, _made = AssessmentItem.objects.get_or_create(year=YEAR, number=1, title="质量", most=100)
    AssessmentGrade.objects.get_or_create(year=YEAR, least=0, title="合格")
    assessment = Assessment.objects.create(facility=facility, year=YEAR)
    AssessmentScore.objects.create(assessment=assessment, item=item, score=score, entered_by=by)
    assessment.signed_by, assessment.signed_at = signed_by, "2025-01-10T08:00:00Z"
    assessment.save()


class Plain:
    """A facility's year by the document, in whole 分: 60 a head and year, 80 % in advance, 5 % kept."""

    def __init__(self, heads: str, use: str, *, gaps=(), unused=(), late=(), score=None, goes_on=False):
        self.heads = [int(count) for count in heads.split()]
        used = [fen(amount) for amount in use.split()]
        self.use = {m: used[m - 1] if len(used) > 1 else used[0] for m in range(1, 13) if m not in unused}
        self.paid, self.cleared, self.deposits, self.taken = {}, {}, {}, {}
        owed, entitled = 0, {}
        for month in range(1, 13):
            before = month - 1
            if month in gaps:
                counted = 0
            elif month == 1 or before in gaps:
                counted = self.heads[month - 1]
            else:
                counted = self.heads[before - 1]
            entitled[month] = half_up(Fraction(6000, 12) * counted * Fraction(80, 100))
            if not entitled[month]:
                continue
            self.taken[month] = min(entitled[month], owed)
            self.paid[month] = entitled[month] - self.taken[month]
            owed -= self.taken[month]
            for due in (before, month):  # what is late comes a month later
                if entitled.get(due) and due in self.use and due + (due in late) == month:
                    owed += self._clear(due, entitled[due])
        advance = sum(amount for month, amount in entitled.items() if month not in self.use)
        self.quota = half_up(Fraction(6000, 12) * sum(self.heads))
        self.actual = sum(self.use.values())
        reached = self.quota > 0 and Fraction(self.actual, self.quota) >= Fraction(80, 100)
        self.final = self.quota if reached else min(self.actual, self.quota)
        self.deposit = sum(self.deposits.values())
        share = None if score is None else 100 if score >= 90 else 50 if score >= 80 else 0
        self.released = (
            None if share is None and self.deposit else half_up(self.deposit * Fraction(share or 0, 100))
        )
        self.advance, self.carry = advance, 0 if goes_on else owed
        booked = sum(cleared for _e, _a, cleared, _d, _p in self.cleared.values())
        self.due = self.final - booked - self.advance - self.carry + (self.released or 0)
        self.received = sum(self.paid.values()) + max(self.due, 0)

    def _clear(self, month: int, entitled: int) -> int:
        """What is carried forward."""
        cleared = min(self.use[month], entitled)
        deposit = half_up(cleared * Fraction(5, 100))
        self.cleared[month] = (entitled, self.use[month], cleared, deposit, cleared - deposit)
        self.deposits[month] = deposit
        return entitled - (cleared - deposit)

    def figures(self):
        released = self.released
        return (
            self.quota,
            self.actual,
            self.final,
            self.advance,
            self.carry,
            self.deposit,
            released,
            self.due,
        )


def figures(line: YearEnd):
    amounts = (
        line.quota, line.actual, line.payable, line.advance, line.carry, line.deposit, line.released, line.due
    )  # fmt: skip
    return tuple(None if amount is None else fen(amount) for amount in amounts)


def test_a_year_of_prepayments_clearings_and_deposits(clerk):
    """Ten facilities from exactly 80 % to no quota at all; a head is 5.00 a month, 4.00 of it in advance."""
    rules_of("shaoguan", change=SCALE)
    Threshold.objects.update(percent=None)  # a January of one person is no mistake here
    reviewer = member("reviewer")
    same = " ".join
    plain = {
        "exactly 80 %": Plain(same(["3"] * 12), "12.00", score=95, goes_on=True),
        "one cent below": Plain(same(["3"] * 12), same(["12.00"] * 11 + ["11.99"]), score=85),
        "exactly 100 %": Plain(same(["3"] * 12), "15.00", late=(4,), score=79),
        "above": Plain(same(["2"] * 12), "12.01"),
        "zero use": Plain(same(["2"] * 12), "0.00", score=100),
        "no quota": Plain(same(["0"] * 12), same(["0"] * 2 + ["5.00"] + ["0"] * 9)),
        "negative": Plain(same(["10"] + ["0"] * 11), same(["40.00"] * 2 + ["0.00"] * 10), score=90),
        "left for": Plain(same(["6"] * 4 + ["7"] * 2 + ["2"] * 6), "17.37", score=90, unused=(12,)),
        "chosen from July": Plain(same(["1"] * 6 + ["6"] * 6), "13.13", score=80),
        "suspended in July": Plain(same(["3"] * 6 + ["0"] + ["3"] * 5), "7.77", gaps=(7,), score=90),
    }
    there = {name: contract() for name in plain}
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
    for name, year in plain.items():
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

    for name, year in plain.items():
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
    assert [plain[name].final for name in ("exactly 80 %", "one cent below")] == [18000, 14399]
    # Ten heads for January alone: quota 50.00, 80.00 cleared, 2.00 still carried, 4.00 deposited, given back.
    assert (plain["negative"].final, plain["negative"].due) == (5000, -3000 - 200 + 400)
    # The next disbursement takes December's carry off where there is one: 12.00 - 0.60 was due, 4.00 are.
    january = posted(run_of(clerk, "prepayment", 1, YEAR + 1)).prepayments.get()
    assert (january.facility, january.entitlement, january.offset) == (
        there["exactly 80 %"],
        Decimal("4.00"),
        Decimal("0.60"),
    )

    receipts = {name: year.received for name, year in plain.items()}
    receipts["exactly 80 %"] += 340
    kept = advanced = 0
    for name, facility in there.items():
        balances = {
            account.kind: fen(account.shown_balance) for account in Account.objects.filter(facility=facility)
        }
        assert balances.get("payable", 0) == receipts[name], name
        held = plain[name].deposit if plain[name].released is None else 0
        assert balances.get("deposit", 0) == held, name
        kept += held
        advanced += balances.get("advance", 0)
    # Still in advance: January's 4.00, and what the next prepayments have to take off.
    assert advanced == 400 + sum(max(-year.due, 0) for year in plain.values())
    pool = Account.objects.get(kind="pool", scheme="390")
    assert -fen(pool.balance) == sum(receipts.values()) + kept - advanced
    assert [finding.wrong for finding in verify_books() if finding.wrong] == []

    # What rests on what: a month stays while the year is settled, the year while January took off of it.
    month = Prepayment.objects.filter(run__period=Month(YEAR, 12)).first().run
    with pytest.raises(RunRefused, match=f"#{year_end.pk}"):
        runs.reverse(month, by=reviewer, origin="page", reason="人数有误")
    with pytest.raises(RunRefused, match=f"#{year_end.pk}"):
        runs.reverse(told[12], by=reviewer, origin="page", reason="用量有误")
