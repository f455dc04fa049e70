"""Months prepaid, back-paid and with supplementary shares: from the file to the account, each month once."""

import threading
from decimal import Decimal

import pytest
from django.conf import settings
from django.db import DatabaseError, connections, transaction

from accounts.entries import entries_of
from accounts.late_news import differences
from accounts.models import Account, LumpCredit, Transfer
from accounts.verify import verify_books
from insured import spells
from office import runs
from office.acting import acting
from office.chunks import post_chunks
from office.models import RunKindName
from office.refusal import RunRefused
from office.undoing import Refused, undo
from policies.month import Month
from tests.accounts.test_credit_run import balance, prepared
from tests.cities import rules_of
from tests.files import applied, checked, counts, problems
from tests.population import approved, insure, member, posted, released

NOVEMBER, DECEMBER, JANUARY, FEBRUARY = (Month(2023, 11) + months for months in range(4))


def row(person, kind="预缴", first="2023-12", last="2024-02", **values: str) -> dict[str, str]:
    return {
        "证件号码": person.document_number,
        "险种": "310",
        "类型": kind,
        "起始年月": first,
        "终止年月": last,
        "月缴费基数": "",
        "每月金额": "",
    } | values


def enter(*rows):
    return applied(list(rows), kind="lump_credits")


def entries(person) -> list[tuple]:
    moved = Transfer.objects.filter(credit__person=person, reverses_id=None).order_by("covers", "id")
    return [(t.kind, str(t.covers), str(t.amount), t.attempt) for t in moved]


def clean() -> bool:
    return not [finding for finding in verify_books() if finding.wrong]


@pytest.mark.django_db
def test_prepaid_months_and_a_supplement_are_posted_together_and_found_done_by_the_months_runs():
    rules_of("shijiazhuang")  # 6, 7
    clerk, ahead, other = member("clerk"), insure(), insure()
    shares = row(ahead, "补充划入", last="", 每月金额="50.25")
    file = enter(row(ahead), shares, row(other, first="2024-01", last="2024-01"))
    assert counts(file) == {"new": 3}
    assert counts(checked([row(ahead), shares], kind="lump_credits")) == {"unchanged": 2}
    posted(prepared(clerk, period=NOVEMBER))
    run = posted(prepared(clerk, kind="lump_credit", period=NOVEMBER))
    assert (run.rows, run.amount) == (5, Decimal("450.25"))
    assert entries(ahead) == [
        ("credit", "2023-11", "100.00", 0),
        ("credit", "2023-12", "100.00", 0),
        ("supplement", "2023-12", "50.25", 0),
        ("credit", "2024-01", "100.00", 0),
        ("credit", "2024-02", "100.00", 0),
    ]
    assert {t.month for t in Transfer.objects.filter(run_id=run.pk)} == {NOVEMBER}
    assert not LumpCredit.objects.exclude(credited_by=run).exists()
    for month, rows in ((DECEMBER, 1), (JANUARY, 0)):
        later = posted(prepared(clerk, period=month))
        assert (later.rows, later.exceptions.count()) == (rows, 0)
    assert balance(ahead) == Decimal("450.25")
    assert differences(scheme="310") == []
    account = Account.objects.get(person=ahead, kind="person")
    assert [str(e.transfer.covers) for e in entries_of(account)].count("2024-02") == 1
    assert entries_of(account)[-1].balance == entries_of(account)[-1].amount
    assert clean()


@pytest.mark.django_db
def test_back_paid_months_over_a_year_end_are_credited_of_the_base_that_was_paid():
    rules_of("nanchang")  # 21
    clerk, person = member("clerk"), insure()
    enter(row(person, "补缴", "2023-12", "2024-01", 月缴费基数="3000.25"))
    posted(prepared(clerk, kind="lump_credit", period=FEBRUARY))
    posted(prepared(clerk, period=FEBRUARY))
    assert entries(person) == [
        ("credit", "2023-12", "60.01", 0),
        ("credit", "2024-01", "60.01", 0),
        ("credit", "2024-02", "100.00", 0),
    ]
    posted(prepared(clerk, period=JANUARY))  # late, and finds the month done
    assert differences(scheme="310") == []


@pytest.mark.django_db
def test_what_cannot_be_credited_is_told_and_waits_until_it_is_withdrawn(client):
    rules_of("nanchang")
    clerk, retired, leaving = member("clerk"), insure(status="retired", group="enterprise"), insure()
    posted(prepared(clerk, period=DECEMBER))
    spells.suspend(leaving, month=FEBRUARY, by=None, reason="停保")
    enter(row(leaving), row(retired, "补缴", "2024-01", ""))
    run = posted(prepared(clerk, kind="lump_credit", period=JANUARY))
    told = run.exceptions.order_by("person_id", "id").values_list("code", "detail")
    assert list(told) == [
        ("parameter_missing", "2024-01 · retired_monthly_credit"),
        ("credited_already", "2023-12"),
        ("not_insured", "2024-02"),
    ]
    assert entries(leaving)[1:] == [("credit", "2024-01", "100.00", 0)]
    client.force_login(clerk)
    done = LumpCredit.objects.get(person=leaving, covers=DECEMBER)
    url = f"/accounts/lumpcredit/{done.pk}/change/"
    client.post(url, {"withdrawn_because": ""})
    client.post(url, {"withdrawn_because": "该月已计入"})
    done.refresh_from_db()
    assert done.withdrawn_because == "该月已计入"
    pages = {"staff": clerk, "origin": "page", "role": settings.PAGES_ROLE}
    with pytest.raises(DatabaseError), transaction.atomic(), acting(**pages):
        LumpCredit.objects.filter(person=leaving, covers=JANUARY).update(credited_by=None)


@pytest.mark.django_db
def test_a_file_of_months_is_judged_row_by_row_and_taken_back_while_nothing_rests_on_it():
    rules_of("shijiazhuang")
    clerk, person = member("clerk"), insure()
    file = checked(
        [
            row(person, "补缴"),
            row(person, first="2024-03", last="2024-01"),
            row(person, "补充划入", 每月金额=""),
            row(person, first="2025-01", last="2125-01"),
            row(insure(), 每月金额="5"),
        ],
        kind="lump_credits",
    )
    columns = [problem[1] for problem in problems(file)]
    assert columns == ["类型", "终止年月", "每月金额", "终止年月", "每月金额"]
    file = enter(row(person))
    [problem] = problems(checked([row(person, last="2024-03")], kind="lump_credits"))
    assert problem[1] == "起始年月"
    undo(file, by=clerk, reason="重复")
    assert not LumpCredit.objects.exists()
    file = enter(row(person))
    run = posted(prepared(clerk, kind="lump_credit", period=DECEMBER))
    with pytest.raises(Refused):
        undo(file, by=clerk, reason="重复")
    posted(runs.reverse(run, by=member("reviewer"), origin="page", reason="误缴"))
    assert (balance(person), LumpCredit.objects.filter(credited_by=None).count()) == (Decimal("0.00"), 3)
    posted(prepared(clerk, kind="lump_credit", period=DECEMBER))
    assert [entry[3] for entry in entries(person)] == [0, 1, 0, 1, 0, 1]
    assert clean()


@pytest.mark.django_db
def test_a_month_is_never_credited_twice_whichever_run_tries():
    rules_of("shijiazhuang")
    clerk, person, other = member("clerk"), insure(), insure()
    first = posted(prepared(clerk, period=DECEMBER))
    posted(runs.reverse(first, by=member("reviewer"), origin="page", reason="重算"))
    enter(row(person, last=""))
    monthly = approved(prepared(clerk, period=DECEMBER))
    posted(prepared(clerk, kind="lump_credit", period=DECEMBER))
    with pytest.raises(RunRefused):
        released(monthly)
    runs.send_back(monthly, by=member("reviewer", "again"), origin="page", reason="重算")
    posted(runs.compute(monthly.pk))
    assert (balance(person), balance(other)) == (Decimal("100.00"), Decimal("100.00"))
    for attempt in (1, 2, 5):
        with pytest.raises(DatabaseError), transaction.atomic(), acting(staff=None, origin="schedule"):
            given = Transfer.objects.filter(credit__person=person, kind="credit").last()
            given.pk, given.attempt = None, attempt
            given.save()
    assert clean()


def test_of_two_runs_racing_for_a_month_one_credits_it(committed, administrator):
    rules_of("shijiazhuang")
    clerk, person = member("clerk"), insure()
    enter(row(person, last=""))
    racing = [
        approved(prepared(clerk, kind=kind, period=DECEMBER))
        for kind in (RunKindName.CREDIT, RunKindName.LUMP_CREDIT)
    ]
    started = []
    # Both past the looks that are taken before posting, as if in the same moment.
    administrator.execute("set session_replication_role = replica")
    administrator.execute("update office_run set state = 'posting', booked_in = period")
    gate = threading.Barrier(2)

    def post(run):
        gate.wait()
        try:
            post_chunks(run.pk)
            started.append(run.pk)
        except RunRefused:
            pass
        finally:
            connections.close_all()

    threads = [threading.Thread(target=post, args=[run]) for run in racing]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(started) == 1
    assert [entry[:3] for entry in entries(person)] == [("credit", "2023-12", "100.00")]
    assert balance(person) == Decimal("100.00")
