"""Heads of a month are frozen: what later changes make of them is shown, and taken over with a reason."""

import threading
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from django.db import DatabaseError, connection, connections, transaction
from django.utils import timezone

from insured.models import Enrolment, Selection
from office import runs
from office.acting import acting
from office.refusal import RunRefused
from policies.month import Month
from settlement.freezing import MONTH_IS_OVER, differences, freeze, frozen_for, heads_in, is_intact, newest
from settlement.models import Headcount, HeadcountLine
from tests.accounts.test_credit_run import prepared
from tests.cities import rules_of
from tests.population import approved, contract, insure, member, released, select

MARCH = Month(2023, 3)


@pytest.fixture
def clerk(db):
    return member("clerk")


def lines(run) -> dict[int, tuple[int, str]]:
    return {line.facility_id: (line.heads, str(line.amount)) for line in run.prepayments.all()}


def test_what_is_changed_later_is_shown_and_taken_over_with_a_reason(clerk, client):
    """320 / 12 * 80 % = 21.33 a head; of three heads at the hospital one moves back in time, one leaves."""
    hospital, other = contract(), contract()
    station = contract(kind="village_station", parent=hospital, years=[])
    people = [insure() for _ in range(3)]
    for person, chosen in zip(people, (hospital, hospital, station), strict=True):
        select(person, chosen, first="2023-01")
    run = prepared(clerk, kind="prepayment", period=MARCH)
    assert lines(run) == {hospital.pk: (3, "64.00")}
    count = newest(scheme="310", month=MARCH)
    assert (count.number, count.heads, count.run, count.by) == (1, 3, run, clerk)
    frozen = {(line.facility_id, line.chosen_id): line.people for line in count.lines.all()}
    assert frozen == {
        (hospital.pk, hospital.pk): [people[0].pk, people[1].pk],
        (hospital.pk, station.pk): [people[2].pk],
    }
    assert newest(scheme="310", month=MARCH - 1).run == run  # over when the next month is prepaid

    moved = Selection.objects.get(person=people[0])
    moved.facility = other
    moved.save()
    Enrolment.objects.filter(person=people[1]).update(last_month=Month(2023, 2))
    assert lines(runs.compute(run.pk)) == {hospital.pk: (3, "64.00")}
    found = {(d.facility, d.person, d.arrived) for d in differences(count, staff=clerk)}
    assert found == {
        (hospital.pk, people[0].pk, False),
        (hospital.pk, people[1].pk, False),
        (other.pk, people[0].pk, True),
    }

    client.force_login(clerk)
    client.cookies["gongji_language_441600"] = "zh-hans"
    page = client.get(f"/settlement/headcount/{count.pk}/change/").content.decode()
    assert people[1].name in page and "冻结人数与现在对比" in page and "一致" in page
    again = {"scheme": "310", "month": "2023-03", "reason": ""}
    url = "/settlement/headcount/add/"
    assert "请说明重新统计的原因" in client.post(url, again).content.decode()
    waiting = approved(run)
    assert client.post(url, again | {"reason": "补录二月停保"}).status_code == 302
    count = newest(scheme="310", month=MARCH)
    assert (count.number, count.reason, count.by) == (2, "补录二月停保", clerk)
    assert heads_in(count) == {hospital.pk: 1, other.pk: 1}
    with pytest.raises(RunRefused):
        released(waiting)  # it was computed from the count before
    runs.send_back(waiting, by=member("reviewer", "another"), origin="page", reason="人数已重新统计")
    assert lines(runs.compute(run.pk)) == {hospital.pk: (1, "21.33"), other.pk: (1, "21.33")}


def test_counts_are_only_ever_written_to_and_tell_when_tampered_with(clerk):
    hospital, other = contract(), contract()
    select(insure(), hospital, first="2023-01")
    count = freeze(scheme="310", month=MARCH, by=clerk)
    assert is_intact(count)
    for statement in (
        "update settlement_headcountline set heads = 9",
        "delete from settlement_headcount",
        "truncate settlement_headcountline",
    ):
        with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement)
    with pytest.raises(DatabaseError, match="headcount_again_with_reason"), transaction.atomic():
        freeze(scheme="310", month=MARCH, by=clerk)
    HeadcountLine.objects.create(headcount=count, facility=other, chosen=other, heads=1, people=[1])
    assert not is_intact(count)


def test_a_month_is_counted_again_once_it_is_over_and_the_year_goes_by_that(clerk, monkeypatch):
    """Counted on the 3rd for the prepayment; who joins on the 20th counts for the year: 2 heads, 5 months."""
    hospital = contract()
    select(insure(), hospital, first="2022-08")
    monkeypatch.setattr(timezone, "now", lambda: datetime(2022, 8, 3, 9, tzinfo=UTC))
    run = prepared(clerk, kind="prepayment", period=Month(2022, 8))
    joined = insure(first="2022-08")
    select(joined, hospital, first="2022-08")
    assert lines(runs.compute(run.pk)) == {hospital.pk: (1, "21.33")}
    monkeypatch.setattr(timezone, "now", lambda: datetime(2023, 1, 15, 9, tzinfo=UTC))
    runs.cancel(run, by=clerk, origin="page", reason="year end")
    [line] = prepared(clerk, kind="year_end", period=Month(2022, 1)).year_ends.all()
    assert (line.person_months, line.quota) == (10, Decimal("266.67"))
    counts = Headcount.objects.filter(month=Month(2022, 8)).order_by("number")
    assert [(count.heads, count.reason) for count in counts] == [(1, ""), (2, MONTH_IS_OVER)]
    assert Headcount.objects.count() == 6


def test_a_county_sees_its_facilities_heads_and_its_people(clerk):
    hospital = contract()
    near, far = insure(), insure(county="441621")
    for person in (near, far):
        select(person, hospital, first="2023-01")
    count = freeze(scheme="310", month=MARCH, by=clerk)
    Selection.objects.all().delete()
    here, there = (member("clerk", code, counties=(code,)) for code in ("441602", "441621"))
    with acting(staff=here, origin="page", role="c441600_app"):
        assert [d.person for d in differences(count, staff=here)] == [near.pk]
        assert HeadcountLine.objects.count() == 1
    with acting(staff=there, origin="page", role="c441600_app"):
        assert (differences(count, staff=there), HeadcountLine.objects.count()) == ([], 0)


def test_the_month_before_is_frozen_where_its_heads_are_prepaid(clerk):
    rules_of("shaoguan")
    hospital = contract()
    person = insure(status="resident", base=None, scheme="390")
    select(person, hospital, first="2024-01")
    assert lines(prepared(clerk, kind="prepayment", period=Month(2024, 2), scheme="390")) == {
        hospital.pk: (1, "4.00")
    }
    assert [count.month for count in Headcount.objects.all()] == [Month(2024, 1)]


def test_of_several_who_ask_at_once_one_counts(committed):
    clerk = member("clerk")
    select(insure(), contract(), first="2023-01")
    run = runs.prepare(kind="prepayment", scheme="310", period=MARCH, by=clerk, origin="page")
    together, found = threading.Barrier(4), []

    def ask():
        together.wait()
        with acting(staff=None, origin="schedule"):
            found.append(frozen_for(run)(scheme="310", month=MARCH))
        connections.close_all()

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 4 and all(heads == found[0] for heads in found)
    assert [count.number for count in Headcount.objects.all()] == [1]
