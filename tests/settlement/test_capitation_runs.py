"""Prepayments and year ends on the database, against Heyuan 12 in plain Python and against the ledger."""

import io
from collections import Counter
from datetime import date
from decimal import Decimal
from fractions import Fraction

import pytest
from django.utils import timezone
from python_calamine import load_workbook

from accounts.models import Account, Transfer
from accounts.verify import verify_books
from insured.models import Selection
from office import returned, runs
from office.chunks import post_chunks
from office.models import YEARLY_KINDS, Run
from office.tasks import waiting_for_a_worker
from policies.month import Month
from settlement.heads import heads_of
from settlement.models import FacilityUsage, Prepayment, YearEnd
from tests import population
from tests.files import checked
from tests.population import approved, contract, insure, member, released, select
from tests.settlement.worksheet_formulas import check_worksheets

pytestmark = pytest.mark.django_db


@pytest.fixture
def office():
    return member("clerk"), member("reviewer")


def posted(office, kind: str, period: Month) -> Run:
    run = runs.compute(runs.prepare(kind=kind, scheme="310", period=period, by=office[0], origin="page").pk)
    return population.posted(run)


def half_up(amount: Fraction) -> Decimal:
    """Two places, half up, in integers: independent of the portal's own rounding."""
    return Decimal(int(amount * 100 + Fraction(1, 2))) / 100


def balance(facility, kind: str) -> Decimal:
    return Account.objects.get(facility=facility, kind=kind).shown_balance


def test_heads_follow_selection_insurance_life_and_agreement():
    hospital, unsigned = contract(), contract(years=[2022])
    station = contract(kind="village_station", parent=hospital, years=[])
    outside = contract()
    outside.county = None
    outside.save()
    select(insure(), hospital, first="2023-01")
    select(insure(), station, first="2023-01")
    select(insure(), outside, first="2023-01")
    select(insure(), unsigned, first="2023-01")
    select(insure(last="2023-02"), hospital, first="2023-01")
    joined = insure(first="2023-05")
    select(joined, hospital, first="2023-05")
    mover = insure()
    other = contract()
    select(mover, hospital, first="2023-01", last="2023-06")
    select(mover, other, first="2023-07", kind="change")

    def heads(month):
        return heads_of(scheme="310", month=Month.parse(month))

    assert heads("2023-02") == {hospital.pk: 4}
    assert heads("2023-03") == {hospital.pk: 3}
    assert heads("2023-05") == {hospital.pk: 4}
    assert heads("2023-07") == {hospital.pk: 3, other.pk: 1}


def test_the_dead_have_no_heads_from_the_month_after():
    hospital = contract()
    person = insure()
    select(person, hospital, first="2023-01")
    person.died_on = Month.parse("2023-03").first_day
    person.save()
    assert heads_of(scheme="310", month=Month(2023, 3)) == {hospital.pk: 1}
    assert heads_of(scheme="310", month=Month(2023, 4)) == {}


def test_somebody_with_two_slots_counts_once_at_the_facility_chosen():
    centre, parent = contract(), contract()
    station = contract(kind="village_station", parent=parent)
    both, only_station = insure(), insure()
    select(both, centre, first="2023-01")
    for person in (both, only_station):
        Selection.objects.create(
            person=person,
            facility=station,
            slot="station",
            first_month=Month(2023, 1),
            last_month=Month(2023, 12),
            kind="first",
        )
    assert heads_of(scheme="310", month=Month(2023, 2)) == {centre.pk: 1, parent.pk: 1}


def test_a_year_from_prepayments_to_shares(office):
    """Five months of 2022 with 3, 2 and 1 heads: every figure recomputed in plain Python."""
    facilities = [contract(), contract(level="tertiary"), contract()]
    heads = {facility.pk: count for facility, count in zip(facilities, (3, 2, 1), strict=True)}
    for facility, count in zip(facilities, (3, 2, 1), strict=True):
        for _person in range(count):
            select(insure(), facility, first="2022-08")
    months = [Month(2022, number) for number in range(8, 13)]
    for month in months:
        posted(office, "prepayment", month)
    # exactly 80 % of 400.00; one 分 below 80 % of 266.67; above 133.33
    actual = dict(zip(heads, map(Decimal, ("320.00", "213.33", "200.00")), strict=True))
    for facility, amount in actual.items():
        FacilityUsage.objects.create(facility_id=facility, scheme="310", year=2022, actual=amount)

    posted(office, "year_end", Month(2022, 1))

    prepaid = Counter()
    for line in Prepayment.objects.all():
        assert line.amount == half_up(Fraction(320, 12) * heads[line.facility_id] * Fraction(80, 100))
        prepaid[line.facility_id] += line.amount
    for line in YearEnd.objects.all():
        quota = half_up(Fraction(320, 12) * heads[line.facility_id] * 5)
        used = actual[line.facility_id]
        share = Fraction(80 if Fraction(used) / Fraction(quota) >= Fraction(4, 5) else 20, 100)
        surplus = max(quota - used, Decimal(0))
        payable = min(used, quota) + half_up(Fraction(surplus) * share)
        assert (line.quota, line.payable, line.prepaid) == (quota, payable, prepaid[line.facility_id])
        assert line.due == payable - prepaid[line.facility_id]
        assert balance(line.facility, "advance") == 0
        assert balance(line.facility, "payable") == payable
    assert {line.payable for line in YearEnd.objects.all()} == {
        Decimal("384.00"),
        Decimal("224.00"),
        Decimal("133.33"),
    }
    assert [finding.wrong for finding in verify_books() if finding.wrong] == []


def test_a_year_of_twelve_months_and_the_same_year_otherwise(office, client):
    """2023 by Heyuan 12: 26.67 a head and month, 21.33 of it in advance; worksheets and what-if agree."""
    used = {
        "exactly 80 %": ("768.00", 3),
        "one cent below": ("767.99", 3),
        "exactly 100 %": ("640.00", 2),
        "above": ("400.00", 1),
        "zero use": ("0.00", 1),
    }
    there = {name: contract() for name in used}
    for name, (actual, count) in used.items():
        for _person in range(count):
            select(insure(), there[name], first="2023-01")
        FacilityUsage.objects.create(facility=there[name], scheme="310", year=2023, actual=actual)
    gone = contract()  # in January only: 21.33 in advance of a quota of 26.67, nothing used
    select(insure(), gone, first="2023-01", last="2023-01")
    nobody = contract()
    for facility, actual in ((gone, "0.00"), (nobody, "9.99")):
        FacilityUsage.objects.create(facility=facility, scheme="310", year=2023, actual=actual)
    for month in range(1, 13):
        posted(office, "prepayment", Month(2023, month))
    run = posted(office, "year_end", Month(2023, 1))

    def year(person_months: int, prepaid: Decimal, actual: str, *, rate=320, threshold=80, shares=(80, 20)):
        quota, actual = half_up(Fraction(rate, 12) * person_months), Decimal(actual)
        share = shares[0] if quota and Fraction(actual) / Fraction(quota) * 100 >= threshold else shares[1]
        payable = min(actual, quota) + half_up(Fraction(max(quota - actual, 0)) * Fraction(share, 100))
        return quota, payable, payable - prepaid

    heads = {there[name].pk: [count] * 12 for name, (_actual, count) in used.items()}
    heads |= {gone.pk: [1] + [0] * 11, nobody.pk: [0] * 12}
    spent = {there[name].pk: actual for name, (actual, _count) in used.items()}
    spent |= {gone.pk: "0.00", nobody.pk: "9.99"}
    prepaid = {
        facility: sum((half_up(Fraction(320, 12) * count * Fraction(4, 5)) for count in counts), Decimal(0))
        for facility, counts in heads.items()
    }
    lines = {line.facility_id: line for line in run.year_ends.all()}
    for facility, counts in heads.items():
        line = lines[facility]
        expected = year(sum(counts), prepaid[facility], spent[facility])
        assert (line.quota, line.payable, line.due) == expected
        assert balance(line.facility, "payable") == prepaid[facility] + max(line.due, Decimal(0))
        assert balance(line.facility, "advance") == max(-line.due, Decimal(0))
    assert [str(lines[there[name].pk].payable) for name in used] == [
        "921.60", "806.39", "640.00", "320.00", "64.00"
    ]  # fmt: skip
    assert (lines[gone.pk].due, lines[nobody.pk].payable) == (Decimal("-16.00"), 0)
    owned = sum(
        balance(line.facility, "payable") - balance(line.facility, "advance") for line in lines.values()
    )
    assert owned == -Account.objects.get(kind="pool", scheme="310").balance
    assert [finding.wrong for finding in verify_books() if finding.wrong] == []

    client.force_login(office[1])
    check_worksheets(client, run)
    transfers = Transfer.objects.count()
    asked = {"rate": "330.00", "threshold": "75", "share_reached": "70", "share_below": "10", "xlsx": "1"}
    response = client.get(f"/settlement/yearend/run/{run.pk}/what-if/", asked)
    book = load_workbook(io.BytesIO(b"".join(response.streaming_content)))
    found = {row[0]: row for row in book.get_sheet_by_index(0).to_python()[1:]}
    for facility, counts in heads.items():
        line, terms = lines[facility], {"rate": 330, "threshold": 75, "shares": (70, 10)}
        quota, payable, due = year(sum(counts), prepaid[facility], spent[facility], **terms)
        row = [Decimal(str(cell)).quantize(Decimal("0.01")) for cell in found[line.facility.code][3:]]
        assert row == [line.quota, quota, line.payable, payable, line.due, due, payable - line.payable]
    page = client.get(
        f"/settlement/yearend/run/{run.pk}/what-if/", asked | {"share_below": "101", "xlsx": ""}
    )
    assert page.status_code == 200 and "panel-figure" not in page.content.decode()
    assert (Transfer.objects.count(), run.year_ends.get(facility=gone).due) == (transfers, Decimal("-16.00"))


def test_what_was_prepaid_too_much_comes_off_the_next_months(office):
    """One head for 2022-08 only: quota 26.67, unused, pays 20 % = 5.33; 21.33 was prepaid, 16.00 too much."""
    hospital = contract()
    select(insure(), hospital, first="2022-08", last="2022-08")
    posted(office, "prepayment", Month(2022, 8))
    posted(office, "year_end", Month(2022, 1))
    [line] = YearEnd.objects.all()
    assert (line.quota, line.payable, line.due, line.flag) == (
        Decimal("26.67"),
        Decimal("5.33"),
        Decimal("-16.00"),
        "no_usage",
    )
    assert balance(hospital, "advance") == Decimal("16.00")

    select(insure(), hospital, first="2023-01")
    posted(office, "prepayment", Month(2023, 1))
    posted(office, "prepayment", Month(2023, 2))
    january, february = Prepayment.objects.filter(run__period__gte=Month(2023, 1)).order_by("run__period")
    assert (january.entitlement, january.offset, january.amount) == (
        Decimal("21.33"),
        Decimal("16.00"),
        Decimal("5.33"),
    )
    assert (february.offset, february.amount) == (Decimal("0.00"), Decimal("21.33"))
    assert balance(hospital, "advance") == Decimal("42.66")
    assert balance(hospital, "payable") == Decimal("21.33") + Decimal("5.33") + Decimal("21.33")


def test_cost_without_a_quota_pays_nothing_and_is_flagged(office):
    hospital = contract()
    FacilityUsage.objects.create(facility=hospital, scheme="310", year=2023, actual="500.00")
    run = posted(office, "year_end", Month(2023, 1))
    [line] = YearEnd.objects.all()
    assert (line.quota, line.payable, line.borne_by_facility, line.flag) == (
        Decimal("0.00"),
        Decimal("0.00"),
        Decimal("500.00"),
        "zero_quota",
    )
    assert [exception.code for exception in run.exceptions.all()] == ["zero_quota"]


def test_a_settled_year_takes_no_more_prepayments_until_it_is_reversed(office):
    hospital = contract()
    select(insure(), hospital, first="2022-08")
    year_end = posted(office, "year_end", Month(2022, 1))
    with pytest.raises(runs.RunRefused, match=f"#{year_end.pk}"):
        posted(office, "prepayment", Month(2022, 12))
    population.posted(runs.reverse(year_end, by=office[1], origin="page", reason="usage was wrong"))
    posted_draft = Run.objects.get(kind="prepayment")
    assert runs.compute(posted_draft.pk).rows == 1


def test_the_year_end_waits_for_prepayments_under_way(office):
    select(insure(), contract(), first="2022-08")
    waiting = reviewed(office, "prepayment", Month(2022, 8))
    with pytest.raises(runs.RunRefused, match=f"#{waiting.pk}"):
        posted(office, "year_end", Month(2022, 1))


def test_selections_carry_over_and_back(office):
    hospital, closed = contract(), contract(years=[2022])
    kept, chosen, stranded = insure(), insure(), insure()
    select(kept, hospital, first="2022-08")
    select(chosen, hospital, first="2022-08")
    select(chosen, closed, first="2023-01")
    select(stranded, closed, first="2022-08")
    gone, dead = insure(last="2022-12"), insure(died_on=date(2022, 12, 31))
    for person in (gone, dead):
        select(person, hospital, first="2022-08")

    run = posted(office, "carry_over", Month(2022, 1))

    carried = Selection.objects.filter(kind="carried")
    assert list(carried.values_list("person", "facility", "first_month", "last_month")) == [
        (kept.pk, hospital.pk, Month(2023, 1), Month(2023, 12))
    ]
    assert [(e.code, e.person_id, e.article) for e in run.exceptions.order_by("code")] == [
        ("chosen_already", chosen.pk, "18"),
        ("died_before_january", dead.pk, "18"),
        ("no_agreement", stranded.pk, "14"),
        ("not_insured_in_january", gone.pk, "18"),
    ]
    population.posted(runs.reverse(run, by=office[1], origin="page", reason="too early"))
    assert not carried.exists()


def reviewed(office, kind: str, period: Month) -> Run:
    run = runs.compute(runs.prepare(kind=kind, scheme="310", period=period, by=office[0], origin="page").pk)
    return approved(run)


def test_a_year_end_is_not_posted_on_prepayments_that_were_reversed_meanwhile(office):
    select(insure(), contract(), first="2022-08")
    prepaid = posted(office, "prepayment", Month(2022, 12))
    year_end = reviewed(office, "year_end", Month(2022, 1))
    reversal = runs.reverse(prepaid, by=office[1], origin="page", reason="wrong heads")
    released(approved(reversal))
    with pytest.raises(runs.RunRefused, match=f"#{reversal.pk}"):  # not given back yet: counts as posted
        released(year_end)
    post_chunks(reversal.pk)
    with pytest.raises(runs.RunRefused):
        released(year_end)
    runs.send_back(year_end, by=office[1], origin="page", reason="prepayments changed")
    runs.compute_again(year_end, by=office[0], origin="page")
    runs.compute(year_end.pk)
    assert year_end.year_ends.get().prepaid == 0


def test_prepayments_of_a_settled_year_stay(office):
    select(insure(), contract(), first="2022-08")
    prepaid = posted(office, "prepayment", Month(2022, 12))
    waiting = reviewed(office, "prepayment", Month(2022, 11))
    with pytest.raises(runs.RunRefused, match=f"#{waiting.pk}"):
        posted(office, "year_end", Month(2022, 1))
    runs.cancel(waiting, by=office[0], origin="page", reason="not needed")
    draft = Run.objects.get(kind="year_end")
    runs.compute(draft.pk)
    draft.refresh_from_db()
    population.posted(draft)
    with pytest.raises(runs.RunRefused, match=f"#{draft.pk}"):
        runs.reverse(prepaid, by=office[1], origin="page", reason="wrong heads")


def test_what_was_overpaid_is_taken_off_once_by_months_computed_side_by_side(office):
    """16.00 too much from 2022: January takes it; February, computed when it was still owed, is refused."""
    hospital = contract()
    person = insure()
    select(person, hospital, first="2022-08", last="2022-08")
    posted(office, "prepayment", Month(2022, 8))
    year_end = posted(office, "year_end", Month(2022, 1))
    select(person, hospital, first="2023-01")
    january, february = (reviewed(office, "prepayment", Month(2023, number)) for number in (1, 2))
    released(january)
    with pytest.raises(runs.RunRefused):
        released(february)
    post_chunks(january.pk)
    runs.send_back(february, by=office[1], origin="page", reason="carried amount changed")
    runs.compute(february.pk)
    lines = Prepayment.objects.filter(run__in=[january, february]).order_by("run__period")
    assert [line.offset for line in lines] == [Decimal("16.00"), Decimal("0.00")]
    with pytest.raises(runs.RunRefused, match=f"#{january.pk}"):
        runs.reverse(year_end, by=office[1], origin="page", reason="usage was wrong")


@pytest.mark.parametrize(
    ("kind", "ahead"),
    [("credit", 1), ("prepayment", 2), ("year_end", 0), ("carry_over", 12)],
)
def test_nothing_is_run_ahead_of_its_time(office, kind, ahead):
    this_month = Month.of(timezone.localdate())
    period = this_month + ahead
    if kind in YEARLY_KINDS:
        period = Month(period.year, 1)
    with pytest.raises(runs.RunRefused):
        runs.prepare(kind=kind, scheme="310", period=period, by=office[0], origin="page")


def test_a_run_sent_back_waits_for_its_preparer(office):
    select(insure(), contract(), first="2022-08")
    run = reviewed(office, "prepayment", Month(2022, 8))
    fresh = runs.prepare(kind="prepayment", scheme="310", period=Month(2022, 9), by=office[0], origin="page")
    runs.send_back(run, by=office[1], origin="page", reason="one selection is wrong")
    assert list(waiting_for_a_worker()) == [fresh]
    runs.compute_again(run, by=office[0], origin="page")
    assert set(waiting_for_a_worker()) == {run, fresh}
    assert [event.act for event in run.events.all()] == [
        "prepare",
        "computed",
        "approve",
        "send_back",
        "compute",
    ]


def test_usage_of_a_settled_year_is_not_changed(office):
    hospital = contract()
    select(insure(), hospital, first="2022-08")
    FacilityUsage.objects.create(facility=hospital, scheme="310", year=2022, actual="50.00")
    run = posted(office, "year_end", Month(2022, 1))
    row = {"机构代码": hospital.code, "实际发生": "51.00"}
    file = checked([row], kind="usage", parameters={"year": 2022, "scheme": "310"})
    assert (file.counts["rejected"], file.counts["changed"]) == (1, 0)
    [rejected] = returned.rejected_rows(file)
    assert f"#{run.pk}" in str(rejected.problems[0])
