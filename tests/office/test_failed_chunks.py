"""A chunk that cannot be posted keeps its error and is tried again, and the others go on without it."""

import pytest
from django.db import DatabaseError, connection, transaction
from django.utils import timezone

from accounts.models import Transfer
from accounts.verify import verify_books
from office import runs
from office.chunks import post_chunks
from office.models import RunState
from office.refusal import RunRefused
from policies.month import Month
from tests.population import approved, insure, member, released

MARCH = Month(2023, 3)


@pytest.fixture
def staff(db):
    return {role: member(role) for role in ("clerk", "reviewer")}


@pytest.fixture
def posting(staff, monkeypatch):
    """Six members in several chunks, approved and being posted."""
    monkeypatch.setattr("accounts.credit.CHUNK_SIZE", 2)
    for _number in range(6):
        insure(base="5000")
    run = runs.prepare(kind="credit", scheme="310", period=MARCH, by=staff["clerk"], origin="page")
    return released(approved(runs.compute(run.pk)))


def change_lines(run, chunk: int | None, by: str) -> None:
    with connection.cursor() as cursor:
        where = "and chunk = %s" if chunk is not None else "and %s::int is null"
        cursor.execute(
            f"update accounts_runline set amount = amount + {by} where run_id = %s {where}", [run.pk, chunk]
        )


def test_one_bad_chunk_stops_neither_the_others_nor_a_second_try(staff, posting):
    chunk = posting.chunks.all()[1]
    change_lines(posting, chunk.number, by="1")
    with pytest.raises(RunRefused):
        post_chunks(posting.pk)
    posting.refresh_from_db()
    chunk.refresh_from_db()
    assert posting.state == RunState.POSTING
    assert str(chunk.number) in posting.error and chunk.error and chunk.failed_at
    assert list(posting.chunks.filter(posted_at=None)) == [chunk]
    with pytest.raises(RunRefused):
        runs.cancel(posting, by=staff["clerk"], origin="page", reason="重来")
    change_lines(posting, chunk.number, by="-1")
    runs.try_again(posting, by=staff["reviewer"], origin="page")
    post_chunks(posting.pk)
    posting.refresh_from_db()
    assert (posting.state, posting.error, Transfer.objects.count()) == (RunState.POSTED, "", 6)
    assert posting.events.filter(act="try_again", actor=staff["reviewer"]).exists()
    assert [finding.wrong for finding in verify_books() if finding.wrong] == []


def test_a_run_of_which_nothing_is_posted_can_still_be_given_up(staff, posting):
    change_lines(posting, None, by="1")
    with pytest.raises(RunRefused):
        post_chunks(posting.pk)
    assert not posting.chunks.filter(error="").exists()
    runs.cancel(posting, by=staff["clerk"], origin="page", reason="明细被改动")
    assert posting.state == RunState.CANCELLED
    post_chunks(posting.pk)
    assert not Transfer.objects.exists()


def test_a_worker_too_slow_posts_nothing_into_a_run_given_up_meanwhile(staff, posting):
    chunk = posting.chunks.first()
    runs.cancel(posting, by=staff["clerk"], origin="page", reason="重来")
    with pytest.raises(DatabaseError, match="is not being posted"), transaction.atomic():
        posting.chunks.filter(pk=chunk.pk).update(posted_at=timezone.now())
