"""A month's credits from spell to balance, against the same month computed by hand."""

from datetime import date
from decimal import Decimal

import pytest
from django.conf import settings
from django.contrib.auth.models import Permission
from django.db import DatabaseError, connection, transaction

from accounts.models import Account, Transfer
from insured.models import Enrolment
from office import runs
from office.acting import acting
from office.chunks import post_chunks
from office.models import Run, RunState
from policies.month import Month
from tests.population import approved, crowd, insure, member, posted, released, spend

MARCH = Month(2023, 3)


@pytest.fixture
def clerk(db):
    return member("clerk")


@pytest.fixture
def reviewer(db):
    return member("reviewer")


def prepared(clerk, *, kind="credit", period=MARCH, scheme="310") -> Run:
    run = runs.prepare(kind=kind, scheme=scheme, period=period, by=clerk, origin="page")
    return runs.compute(run.pk)


def balance(person) -> Decimal:
    return Account.objects.get(person=person, kind="person").balance


def test_each_status_is_credited_by_its_rule(clerk, reviewer):
    active = insure(base="5000.25")  # 2 % of 5000.25 = 100.005, half up
    flexible = insure(status="flexible", base="3000")
    retired = insure(status="retired", base=None, group="enterprise")
    inpatient = insure(status="inpatient_only", base="3000")
    later = insure(first="2023-04")
    died = insure(died_on=date(2023, 2, 28))
    died_in_march = insure(died_on=date(2023, 3, 1))
    no_base = insure(base=None)

    run = posted(prepared(clerk))

    assert balance(active) == Decimal("100.01")
    assert balance(flexible) == Decimal("60.00")
    assert balance(retired) == Decimal("102.79")
    assert balance(died_in_march) == Decimal("100.00")
    for person in (inpatient, later):
        assert not Account.objects.filter(person=person, kind="person").exists()
    assert not Transfer.objects.filter(credit__person__in=[died, no_base]).exists()
    assert {(e.code, e.person_id) for e in run.exceptions.all()} == {
        ("died", died.pk),
        ("no_base", no_base.pk),
    }
    assert (run.rows, run.amount) == (4, Decimal("362.80"))
    assert Account.objects.get(kind="pool").balance == Decimal("-102.79")
    assert Account.objects.get(kind="contribution").balance == Decimal("-260.01")


def test_retirees_wait_for_their_figure_from_2025(clerk):
    insure(status="retired", base=None, group="enterprise")
    run = prepared(clerk, period=Month(2025, 1))
    [exception] = run.exceptions.all()
    assert (run.rows, exception.code, exception.detail, exception.article) == (
        0,
        "parameter_missing",
        "retired_monthly_credit",
        "7(3)",
    )


def test_the_same_month_is_paid_once(clerk, reviewer):
    insure()
    run = posted(prepared(clerk))
    with pytest.raises(runs.RunRefused, match=f"#{run.pk}"):
        prepared(clerk)
    post_chunks(run.pk)
    assert Transfer.objects.count() == 1


def test_a_reversed_month_is_mirrored_and_may_be_run_again(clerk, reviewer):
    person = insure()
    first = posted(prepared(clerk))
    posted(runs.reverse(first, by=reviewer, origin="page", reason="wrong base"))
    first.refresh_from_db()
    assert (first.state, balance(person)) == (RunState.REVERSED, Decimal("0.00"))

    Enrolment.objects.update(base=Decimal("6000.00"))
    again = posted(prepared(clerk))
    assert (again.attempt, balance(person)) == (1, Decimal("120.00"))
    moved = Transfer.objects.order_by("id").values_list("kind", "amount", "attempt", "reverses_id")
    assert list(moved) == [
        ("credit", Decimal("100.00"), 0, None),
        ("reversal", Decimal("100.00"), 0, Transfer.objects.order_by("id")[0].pk),
        ("credit", Decimal("120.00"), 1, None),
    ]


def test_a_big_month_is_not_reversed_row_by_row(committed, administrator):
    """The server's statistics are of the small months before."""
    clerk, people = member("clerk"), 600
    insure()
    for month in (Month(2023, 1), Month(2023, 2)):
        posted(prepared(clerk, period=month))
    administrator.execute("analyze accounts_transfer, accounts_runline")
    with transaction.atomic():
        crowd(people)
        run = posted(prepared(clerk, period=Month(2023, 4)))
        runs.reverse(run, by=member("reviewer"), origin="page", reason="费率有误")
        with connection.cursor() as cursor:
            cursor.execute(
                "select seq_tup_read + idx_tup_fetch from pg_stat_xact_user_tables"
                " where relname = 'accounts_runline'"
            )
            lines_read = cursor.fetchone()[0]
    assert lines_read < 50 * people


def test_what_was_spent_before_a_reversal_becomes_a_receivable(clerk, reviewer):
    person = insure()
    run = posted(prepared(clerk))
    spend(person, "30.00")
    posted(runs.reverse(run, by=reviewer, origin="page", reason="wrong rate"))
    assert balance(person) == Decimal("0.00")
    receivable = Account.objects.get(kind="receivable", person=person)
    assert (receivable.balance, receivable.shown_balance) == (Decimal("-30.00"), Decimal("30.00"))
    assert Account.objects.get(kind="contribution").balance == Decimal("0.00")


def test_nobody_reviews_or_reverses_what_they_prepared(clerk, reviewer):
    insure()
    reviewer.user_permissions.add(Permission.objects.get(codename="prepare_run"))
    own = prepared(reviewer)
    with pytest.raises(runs.RunRefused, match=r"You prepared|由您"):
        runs.approve(own, by=reviewer, origin="page")
    with pytest.raises(DatabaseError, match="run_reviewer_is_not_preparer"), transaction.atomic():
        Run.objects.filter(pk=own.pk).update(reviewed_by=reviewer)
    with pytest.raises(runs.RunRefused):
        runs.approve(own, by=clerk, origin="page")


def test_lines_changed_after_review_are_not_posted(clerk, reviewer):
    person = insure()
    run = prepared(clerk)
    approved(run)
    with connection.cursor() as cursor:
        cursor.execute("update accounts_runline set amount = amount + 1")
    released(run)
    with pytest.raises(runs.RunRefused), transaction.atomic():
        post_chunks(run.pk)
    assert balance(person) == Decimal("0.00")
    assert not Transfer.objects.exists()


def test_a_run_sent_back_is_computed_again(clerk, reviewer):
    insure()
    run = prepared(clerk)
    runs.send_back(run, by=reviewer, origin="page", reason="one base is missing")
    assert run.state == RunState.DRAFT
    insure()
    assert runs.compute(run.pk).rows == 2
    assert [event.act for event in run.events.all()] == ["prepare", "computed", "send_back", "computed"]


@pytest.mark.parametrize(
    "statement",
    [
        "update accounts_transfer set amount = 1",
        "delete from accounts_transfer",
        "truncate accounts_transfer",
        "delete from accounts_account",
        "update office_run set amount = 1",
        "delete from office_run",
    ],
)
@pytest.mark.parametrize("role", [settings.PAGES_ROLE, settings.JOBS_ROLE])
def test_posted_money_cannot_be_edited(clerk, reviewer, statement, role):
    insure()
    posted(prepared(clerk))
    with (
        pytest.raises(DatabaseError),
        acting(staff=None, origin="page", role=role),
        connection.cursor() as cursor,
    ):
        cursor.execute(statement)
