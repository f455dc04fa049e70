"""A closed month stays as it is: by hand-written SQL, under waiting posters, in order, and on record."""

import threading

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import DatabaseError, connection, connections, transaction

from accounts.models import Account, Transfer
from accounts.verify import verify_books
from office import approvals, periods, runs
from office.acting import acting
from office.chunks import post_chunks
from office.models import PeriodAct, PeriodEvent, Run, RunState, Staff
from office.refusal import PeriodRefused, RunRefused
from policies.month import Month
from tests import population
from tests.population import insure, member
from tests.worker import wait_until

FEBRUARY, MARCH, APRIL = Month(2023, 2), Month(2023, 3), Month(2023, 4)


@pytest.fixture
def staff(db):
    return {role: member(role) for role in ("clerk", "reviewer", "finance_accountant")}


def computed(staff, month: Month = MARCH, kind: str = "credit") -> Run:
    return runs.compute(
        runs.prepare(kind=kind, scheme="310", period=month, by=staff["clerk"], origin="page").pk
    )


def posting(staff, month: Month = MARCH) -> Run:
    run = computed(staff, month)
    runs.approve(run, by=staff["reviewer"], origin="page")
    runs.start_posting(run, by=staff["finance_accountant"], origin="page")
    return run


def posted(staff, month: Month = MARCH) -> Run:
    run = posting(staff, month)
    post_chunks(run.pk)
    run.refresh_from_db()
    return run


def close(staff, month: Month) -> None:
    periods.close(month, by=staff["finance_accountant"], origin="page")


def insert(cursor, month: str, run: int | None = None) -> None:
    """A transfer as anybody might type it."""
    cursor.execute(
        "insert into accounts_transfer"
        " (debit_id, credit_id, amount, kind, month, covers, attempt, run_id, voucher_id, created_at)"
        " select min(id), max(id), 1, 'spending', %s, %s, 0, %s, %s, now() from accounts_account",
        [month, month, run, None if run else 0],
    )


def test_months_close_in_order_and_only_the_last_opens_again(staff):
    close(staff, FEBRUARY)
    assert periods.closed_through() == FEBRUARY
    for month in (FEBRUARY, APRIL, Month(2023, 1)):
        with pytest.raises(PeriodRefused):
            close(staff, month)
    close(staff, MARCH)
    for month, reason in ((FEBRUARY, "补记"), (MARCH, " ")):
        with pytest.raises(PeriodRefused):
            periods.reopen(month, by=staff["finance_accountant"], origin="page", reason=reason)
    periods.reopen(MARCH, by=staff["finance_accountant"], origin="page", reason="补记三月")
    assert periods.closed_through() == FEBRUARY
    assert list(PeriodEvent.objects.order_by("id").values_list("month", "act", "reason")) == [
        (FEBRUARY, PeriodAct.CLOSE, ""),
        (MARCH, PeriodAct.CLOSE, ""),
        (MARCH, PeriodAct.REOPEN, "补记三月"),
    ]


def test_a_month_to_come_and_a_role_without_the_right_are_refused(staff):
    with pytest.raises(PeriodRefused):
        close(staff, Month(2100, 1))
    with pytest.raises(PeriodRefused):
        periods.close(MARCH, by=staff["clerk"], origin="page")


def test_hand_written_transfers_into_a_closed_month_are_refused(staff):
    insure()
    run = posted(staff)
    close(staff, MARCH)
    with acting(staff=staff["clerk"], origin="page"), connection.cursor() as cursor:
        for month, of_run in (("2023-03-01", None), ("2023-03-01", run.pk), ("2022-12-01", None)):
            with pytest.raises(DatabaseError, match=r"the books of .* are closed"), transaction.atomic():
                insert(cursor, month, of_run)
        insert(cursor, "2023-04-01")  # an open one takes it


@pytest.mark.parametrize(
    "act",
    [
        "insert into office_periodevent (month, act, by_id, origin, at, reason)"
        " select '2023-05-01', 'close', min(id), 'page', now(), '' from office_staff",
        "insert into office_periodevent (month, act, by_id, origin, at, reason)"
        " select '2023-02-01', 'reopen', min(id), 'page', now(), 'x' from office_staff",
        "insert into office_periodevent (month, act, by_id, origin, at, reason)"
        " select '2023-03-01', 'reopen', min(id), 'page', now(), '' from office_staff",
        "delete from office_periodevent",
        "update office_periodevent set month = '2022-01-01'",
    ],
)
def test_the_database_itself_keeps_the_order_and_the_record(staff, act):
    close(staff, FEBRUARY)
    close(staff, MARCH)
    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(act)
    assert periods.closed_through() == MARCH


def test_a_month_with_a_run_being_posted_is_not_closed(staff):
    insure()
    run = posting(staff)
    with pytest.raises(PeriodRefused, match=f"#{run.pk}"):
        close(staff, MARCH)
    with pytest.raises(DatabaseError, match="still being posted"), transaction.atomic():
        PeriodEvent.objects.create(month=MARCH, act="close", by=staff["finance_accountant"], origin="page")
    post_chunks(run.pk)
    close(staff, MARCH)


def test_late_runs_of_a_closed_month_are_refused_at_every_step(staff):
    insure()
    late = computed(staff)
    draft = runs.prepare(kind="prepayment", scheme="310", period=MARCH, by=staff["clerk"], origin="page")
    runs.approve(late, by=staff["reviewer"], origin="page")
    close(staff, MARCH)
    with pytest.raises(RunRefused, match="2023-03"):
        runs.start_posting(late, by=staff["finance_accountant"], origin="page")
    approvals.sign(late, by=staff["finance_accountant"])
    with pytest.raises(DatabaseError, match="books of 2023-03 are closed"), transaction.atomic():
        Run.objects.filter(pk=late.pk).update(state=RunState.POSTING, booked_in=MARCH)
    with pytest.raises(RunRefused):
        runs.compute(draft.pk)
    draft.refresh_from_db()
    assert "2023-03" in draft.error
    runs.cancel(late, by=staff["clerk"], origin="page", reason="月份已结")
    with pytest.raises(RunRefused, match="2023-03"):
        computed(staff)


def test_a_reversal_is_booked_in_the_first_open_month(staff):
    insure(base="5000")
    run = posted(staff)
    close(staff, MARCH)
    reversal = runs.reverse(run, by=staff["reviewer"], origin="page", reason="多计")
    population.posted(reversal)
    assert Run.objects.get(pk=reversal.pk).booked_in == APRIL
    moved = Transfer.objects.order_by("id").values_list("month", "covers", "amount")
    assert [(str(month), str(covers), str(amount)) for month, covers, amount in moved] == [
        ("2023-03", "2023-03", "100.00"),
        ("2023-04", "2023-03", "100.00"),
    ]
    assert [finding.wrong for finding in verify_books() if finding.wrong] == []


def test_a_transfer_slipped_into_a_closed_month_is_named(committed, administrator):
    staff = {role: member(role) for role in ("clerk", "reviewer", "finance_accountant")}
    insure()
    posted(staff)
    close(staff, MARCH)
    with administrator.transaction():
        administrator.execute("set local session_replication_role = replica")
        insert(administrator, "2023-03-01")
    late = Transfer.objects.latest("pk")
    assert f"transfer {late.pk} of 2023-03: posted after its month was closed" in [
        finding.wrong for finding in verify_books()
    ]


@pytest.fixture
def committed_staff(committed):
    return {role: member(role) for role in ("clerk", "reviewer", "finance_accountant")}


def waiting_for_the_books() -> bool:
    with connection.cursor() as cursor:
        cursor.execute(
            "select exists (select from pg_locks"
            " where locktype = 'advisory' and objid = 4204 and not granted)"
        )
        [(waiting,)] = cursor.fetchall()
    return waiting


def in_a_thread(work, outcome: list) -> threading.Thread:
    def run():
        try:
            outcome.append(work())
        except Exception as error:
            outcome.append(error)
        finally:
            connections.close_all()

    thread = threading.Thread(target=run)
    thread.start()
    return thread


def test_closing_waits_for_who_is_posting_and_who_comes_later_is_refused(committed_staff):
    """One poster holds the books, the closer waits for it, a second poster waits for the closer."""
    Account.objects.create(kind="pool", scheme="310")
    Account.objects.create(kind="contribution", scheme="310")
    outcome, late = [], []

    def close_by_hand():
        by = committed_staff["finance_accountant"]
        PeriodEvent.objects.create(month=MARCH, act=PeriodAct.CLOSE, by=by, origin="page")

    with transaction.atomic(), connection.cursor() as cursor:
        insert(cursor, "2023-03-01")
        closer = in_a_thread(close_by_hand, outcome)
        wait_until(waiting_for_the_books, seconds=10)

        def post_late():
            with connection.cursor() as cursor:
                insert(cursor, "2023-03-01")

        poster = in_a_thread(post_late, late)
        poster.join(0.3)
        assert outcome == late == []
    closer.join()
    poster.join()
    assert outcome == [None]
    assert "the books of 2023-03 are closed" in str(late[0])
    assert Transfer.objects.count() == 1


def test_posting_while_the_period_closes_puts_nothing_into_a_closed_month(committed_staff, monkeypatch):
    """Two months' runs are started and posted while somebody keeps trying to close February."""
    monkeypatch.setattr("accounts.credit.CHUNK_SIZE", 5)
    for _number in range(40):
        insure()
    approved = [computed(committed_staff, month) for month in (FEBRUARY, MARCH)]
    for run in approved:
        runs.approve(run, by=committed_staff["reviewer"], origin="page")
    started = threading.Barrier(3)

    def post(run):
        started.wait()
        runs.start_posting(run, by=Staff.objects.get(username="finance_accountant"), origin="page")
        post_chunks(run.pk)

    def keep_closing():
        started.wait()
        while True:
            try:
                return close(committed_staff, FEBRUARY)
            except PeriodRefused:
                continue

    outcomes = [[], [], []]
    threads = [
        in_a_thread(lambda run=run: post(run), out) for run, out in zip(approved, outcomes, strict=False)
    ]
    threads.append(in_a_thread(keep_closing, outcomes[2]))
    for thread in threads:
        thread.join()
    closed_at = PeriodEvent.objects.get().at
    february, march = (Run.objects.get(pk=run.pk) for run in approved)
    assert march.state == RunState.POSTED
    if isinstance(outcomes[0][0], RunRefused):
        assert february.state == RunState.REVIEWED
        assert not Transfer.objects.filter(month=FEBRUARY).exists()
    else:
        assert february.state == RunState.POSTED
        assert Transfer.objects.filter(month=FEBRUARY, created_at__lt=closed_at).count() == 40
    assert [finding.wrong for finding in verify_books() if finding.wrong] == []


def test_months_are_closed_and_opened_from_the_command_line(staff, capsys):
    call_command("close_month", month="2023-03", username="finance_accountant")
    assert "2023-03" in capsys.readouterr().out
    with pytest.raises(CommandError):
        call_command("close_month", month="2023-03", username="finance_accountant")
    call_command("close_month", month="2023-03", username="finance_accountant", reopen=True, reason="更正")
    assert periods.closed_through() == FEBRUARY
