"""Runs and files that must not be under way together: told before anything starts, with the other's name."""

import pytest

from office import runs
from office.chunks import post_chunks
from office.collisions import CLASHES, UNDER_WAY
from office.imports import Refused, may_be_applied
from office.models import ImportFile, ImportState, Run, RunKindName, RunState
from office.refusal import RunRefused
from policies.month import Month
from tests import population
from tests.cities import rules_of
from tests.population import contract, insure, member, released, select

MARCH = Month(2023, 3)


@pytest.fixture
def staff(db):
    return {role: member(role) for role in ("clerk", "reviewer")}


@pytest.fixture
def town(staff):
    """Somebody insured and signed to a facility, so that every kind of run has work to do."""
    select(insure(), contract(level="primary"), first="2022-01")
    select(insure(), contract(level="primary"), first="2023-01")
    return staff


def prepared(staff, kind: str, period: Month) -> Run:
    return runs.prepare(kind=kind, scheme="310", period=period, by=staff["clerk"], origin="page")


def approved(staff, kind: str, period: Month) -> Run:
    run = runs.compute(prepared(staff, kind, period).pk)
    runs.approve(run, by=staff["reviewer"], origin="page")
    return run


def start(staff, run: Run) -> Run:
    return released(run)


def posted(staff, kind: str, period: Month) -> Run:
    run = start(staff, approved(staff, kind, period))
    post_chunks(run.pk)
    run.refresh_from_db()
    return run


def file_being_applied(layout: str, state=ImportState.APPLYING) -> ImportFile:
    return ImportFile.objects.create(
        layout=layout, name=f"{layout}.xlsx", sha256="0" * 64, size=1, stored_as=layout, state=state,
        counts={"rows": 1, "rejected": 0}, origin="page",
    )  # fmt: skip


PERIODS = {
    RunKindName.CREDIT: MARCH,
    RunKindName.LUMP_CREDIT: MARCH,
    RunKindName.ADJUSTMENT: MARCH,
    RunKindName.PREPAYMENT: MARCH,
    RunKindName.YEAR_END: Month(2022, 1),
    RunKindName.CARRY_OVER: Month(2022, 1),
}
# Of the kinds the rules here have.
FILES = [
    (kind, layout) for clash in CLASHES for kind in clash.of if kind in PERIODS for layout in clash.files
]


@pytest.mark.parametrize(("kind", "layout"), FILES)
def test_no_step_is_taken_while_a_file_of_what_it_rests_on_is_applied(town, kind, layout):
    if kind == RunKindName.LUMP_CREDIT:
        rules_of("shijiazhuang")  # where there are such runs
    run = runs.compute(prepared(town, kind, PERIODS[kind]).pk)
    file = file_being_applied(layout)
    with pytest.raises(RunRefused, match=f"{layout}.xlsx"):
        prepared(town, kind, PERIODS[kind] + 12)
    with pytest.raises(RunRefused, match=f"{layout}.xlsx"):
        runs.approve(run, by=town["reviewer"], origin="page")
    ImportFile.objects.filter(pk=file.pk).update(state=ImportState.APPLIED)
    runs.approve(run, by=town["reviewer"], origin="page")
    ImportFile.objects.filter(pk=file.pk).update(state=ImportState.APPLYING)
    with pytest.raises(RunRefused, match=f"{layout}.xlsx"):
        start(town, run)
    assert Run.objects.get(pk=run.pk).state == RunState.REVIEWED


def test_a_file_that_has_nothing_to_do_with_it_stops_no_run(town):
    file_being_applied("usage")
    posted(town, "credit", MARCH)


def test_a_prepayment_is_not_given_back_while_the_year_is_being_settled(town):
    """The year of the prepayment is open; the year before it is being posted and takes off advances."""
    prepayment = posted(town, "prepayment", MARCH)
    year_end = start(town, approved(town, "year_end", Month(2022, 1)))
    with pytest.raises(RunRefused, match=f"#{year_end.pk}"):
        runs.reverse(prepayment, by=town["reviewer"], origin="page", reason="多拨")
    post_chunks(year_end.pk)
    runs.reverse(prepayment, by=town["reviewer"], origin="page", reason="多拨")


def test_a_year_is_not_settled_while_a_prepayment_is_given_back(town):
    year_end = approved(town, "year_end", Month(2022, 1))
    prepayment = posted(town, "prepayment", MARCH)
    reversal = released(
        population.approved(runs.reverse(prepayment, by=town["reviewer"], origin="page", reason="多拨"))
    )
    with pytest.raises(RunRefused, match=f"#{reversal.pk}"):
        start(town, year_end)
    post_chunks(reversal.pk)
    start(town, year_end)


def test_a_second_run_of_a_period_is_told_which_is_there(town):
    first = prepared(town, "credit", MARCH)
    with pytest.raises(RunRefused, match=f"#{first.pk}"):
        prepared(town, "credit", MARCH)
    runs.cancel(first, by=town["clerk"], origin="page", reason="重来")
    prepared(town, "credit", MARCH)


@pytest.mark.parametrize("layout", ["selections", "enrolments"])
def test_a_file_of_selections_waits_for_the_carry_over(town, layout):
    carry_over = start(town, approved(town, "carry_over", Month(2022, 1)))
    file = file_being_applied(layout, ImportState.CHECKED)
    with pytest.raises(Refused) as refused:
        may_be_applied(file)
    assert f"#{carry_over.pk}" in str(refused.value.as_json())
    post_chunks(carry_over.pk)
    may_be_applied(file)


def test_every_clash_names_something_and_something_else():
    for clash in CLASHES:
        assert clash.of and clash.at and (clash.runs or clash.reversals or clash.files)
        assert clash.states == UNDER_WAY or clash.runs == clash.of
