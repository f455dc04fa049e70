"""A run beside the month before: what changed too much is acknowledged one by one before anybody approves."""

import pytest
from django.db import DatabaseError, transaction

from office import approvals, comparison, runs
from office.comparison import acknowledge
from office.models import Excess, Measure, Run, RunKindName, RunState, Threshold
from office.refusal import RunRefused
from policies.month import Month
from tests import population
from tests.population import contract, insure, member, select

FEBRUARY, MARCH = Month(2023, 2), Month(2023, 3)


@pytest.fixture
def staff(db):
    Threshold.objects.update(least=0)
    return {role: member(role) for role in ("clerk", "reviewer", "auditor")}


def computed(staff, month: Month, kind: str = "credit") -> Run:
    return runs.compute(
        runs.prepare(kind=kind, scheme="310", period=month, by=staff["clerk"], origin="page").pk
    )


def posted(staff, month: Month, kind: str = "credit") -> Run:
    return population.posted(computed(staff, month, kind))


def found(run: Run) -> set:
    return {
        (excess.dimension, excess.key, excess.measure, str(excess.before), str(excess.now))
        for excess in run.excesses.all()
    }


@pytest.fixture
def grown(staff) -> Run:
    """Ten people credited 100.00 each in February; in March an eleventh, in another county and status."""
    for _number in range(10):
        insure(base="5000")
    posted(staff, FEBRUARY)
    insure(base="5000", first="2023-03", county="441621", status="flexible")
    return computed(staff, MARCH)


def test_what_changed_more_than_the_threshold_is_found_and_nothing_else(grown):
    """The whole run grew by 10 %, over 5 %; the county of ten did not change at all."""
    assert found(grown) == {
        ("total", "", "rows", "10.00", "11.00"),
        ("total", "", "amount", "1000.00", "1100.00"),
        ("county", "441621", "rows", "0.00", "1.00"),
        ("county", "441621", "amount", "0.00", "100.00"),
        ("status", "flexible", "rows", "0.00", "1.00"),
        ("status", "flexible", "amount", "0.00", "100.00"),
    }
    assert grown.compared_with.period == FEBRUARY


@pytest.mark.parametrize(
    ("percent", "least", "before", "now", "expected"),
    [
        ("10", "0", "1000", "1100", False),  # exactly 10 % is not more than 10 %
        ("10", "0", "1000", "1100.01", True),
        ("10", "0", "1000", "899.99", True),
        ("10", "100", "100", "200", False),  # 100 % of little: not more than the least change
        ("10", "100", "100", "200.01", True),
        ("10", "0", "0", "0.01", True),  # anything is more than 10 % of nothing
        ("10", "0", "0", "0", False),
        ("0", "0", "1000", "1000", False),
    ],
)
def test_a_change_exceeds_both_the_per_cent_and_the_least(percent, least, before, now, expected):
    from decimal import Decimal

    threshold = Threshold(percent=Decimal(percent), least=Decimal(least))
    assert comparison.exceeds(threshold, before=Decimal(before), now=Decimal(now)) is expected


def test_a_key_that_vanished_is_found(staff):
    gone = insure(base="5000", county="441621", last="2023-02")
    for _number in range(40):
        insure(base="5000")
    posted(staff, FEBRUARY)
    march = computed(staff, MARCH)
    assert gone and found(march) == {
        ("county", "441621", "rows", "1.00", "0.00"),
        ("county", "441621", "amount", "100.00", "0.00"),
    }


def test_prepayments_are_compared_by_level_too(staff):
    hospital, clinic = contract(level="tertiary"), contract(level="primary")
    for _number in range(3):
        select(insure(), hospital, first="2023-01")
    posted(staff, FEBRUARY, "prepayment")
    select(insure(), clinic, first="2023-03")
    march = computed(staff, MARCH, "prepayment")
    assert ("level", "primary", "rows", "0.00", "1.00") in found(march)
    assert sum(rows for _level, rows, _yuan in march.totals["level"]) == march.rows == 2


def test_the_least_change_and_an_unwatched_figure_silence_it(staff, grown):
    Threshold.objects.filter(measure=Measure.ROWS).update(least=1)
    Threshold.objects.filter(measure=Measure.AMOUNT).exclude(dimension="total").update(percent=None)
    runs.send_back(grown, by=staff["reviewer"], origin="page", reason="再算")
    runs.compute_again(grown, by=staff["clerk"], origin="page")
    assert found(runs.compute(grown.pk)) == {("total", "", "amount", "1000.00", "1100.00")}


def test_the_first_month_has_nothing_to_compare_with(staff):
    insure()
    run = computed(staff, FEBRUARY)
    assert (run.compared_with, run.excesses.count()) == (None, 0)
    runs.approve(run, by=staff["reviewer"], origin="page")


def test_a_run_is_approved_only_when_each_change_is_acknowledged(staff, grown):
    *most, last = grown.excesses.all()
    for excess in most:
        acknowledge(excess, by=staff["clerk"], note="新增参保", origin="page")
    with pytest.raises(RunRefused, match="1"):
        runs.approve(grown, by=staff["reviewer"], origin="page")
    with pytest.raises(RunRefused):
        acknowledge(last, by=staff["clerk"], note="  ", origin="page")
    with pytest.raises(RunRefused):
        acknowledge(last, by=staff["auditor"], note="核对", origin="page")
    acknowledge(last, by=staff["reviewer"], note="已电话核实", origin="page")
    with pytest.raises(RunRefused):
        acknowledge(last, by=staff["clerk"], note="again", origin="page")
    runs.approve(grown, by=staff["reviewer"], origin="page")
    noted = grown.events.filter(act="acknowledge").values_list("actor__username", "reason")
    assert list(noted) == [("clerk", "新增参保")] * 5 + [("reviewer", "已电话核实")]


@pytest.mark.parametrize(
    "act",
    [
        lambda run, staff: (
            approvals.sign(run, by=staff)
            and Run.objects.filter(pk=run.pk).update(state=RunState.REVIEWED, reviewed_by=staff)
        ),
        lambda run, staff: Excess.objects.filter(run=run).delete(),
        lambda run, staff: Excess.objects.filter(run=run).update(now=1),
        lambda run, staff: Excess.objects.filter(run=run).update(acknowledged_by=staff),
        lambda run, staff: run.excesses.model.objects.create(
            run=run, dimension="total", key="x", measure="rows", before=1, now=2, percent=1, least=1
        ),
    ],
)
def test_the_database_lets_nothing_slip_past(staff, grown, act):
    with pytest.raises(DatabaseError), transaction.atomic():
        act(grown, staff["reviewer"])
    assert Run.objects.get(pk=grown.pk).state == RunState.COMPUTED
    assert grown.excesses.filter(acknowledged_at=None).count() == 6


def test_what_was_acknowledged_stays_with_the_run(staff, grown):
    for excess in grown.excesses.all():
        acknowledge(excess, by=staff["clerk"], note="新增参保", origin="page")
    with pytest.raises(DatabaseError), transaction.atomic():
        Excess.objects.filter(run=grown).update(note="别的")


def test_the_digest_tells_who_acknowledged_what_with_which_note(staff, grown):
    digests = [approvals.approval_hash(grown)]
    for excess in grown.excesses.all():
        acknowledge(excess, by=staff["clerk"], note="新增参保", origin="page")
        digests.append(approvals.approval_hash(grown))
    assert len(set(digests)) == 7
    assert approvals.approval_hash(grown) == digests[-1]


def test_a_run_compared_with_nothing_is_stale_once_the_month_before_is_posted(staff):
    insure()
    march = computed(staff, MARCH)
    posted(staff, FEBRUARY)
    with pytest.raises(RunRefused):
        runs.approve(march, by=staff["reviewer"], origin="page")


def test_shipped_thresholds_are_entered_once_and_what_was_changed_stays(staff):
    Threshold.objects.filter(kind=RunKindName.CREDIT).update(percent=33)
    count = Threshold.objects.count()
    comparison.load_thresholds()
    assert Threshold.objects.count() == count
    assert not Threshold.objects.filter(kind=RunKindName.CREDIT).exclude(percent=33).exists()
