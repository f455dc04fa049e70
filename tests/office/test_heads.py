"""Daily heads: late commits are sealed too, and what a superuser rewrites is found, by its day."""

import os
import threading
from datetime import timedelta

import psycopg
import pytest
from django.core.management import CommandError, call_command
from django.db import connections
from django.utils import timezone

from insured.models import Person
from office import heads
from office.heads import problems, seal, sha256_of
from office.models import AccessRecord, Act, History, HistoryHead
from tests.population import insure

JOBS_ROLE = "c441600_jobs"
TOMORROW = timezone.localdate() + timedelta(days=1)


@pytest.fixture(autouse=True)
def kept(settings, tmp_path):
    settings.HISTORY_HEADS_DIR = tmp_path
    return heads.file_of_heads()


@pytest.fixture
def three_days(committed):
    """Something written on each of three days, and sealed."""
    person = insure()
    for day in range(3):
        Person.objects.filter(pk=person.pk).update(name=f"名{day}")
        AccessRecord.objects.create(act=Act.SHOW, subject=f"insured.person {person.pk}", detail=str(day))
        assert seal(until=TOMORROW + timedelta(days=day))
    return list(HistoryHead.objects.order_by("number"))


def past_all_triggers(administrator, *statements: str) -> None:
    administrator.execute("set session_replication_role = replica")
    for statement in statements:
        assert administrator.execute(statement).rowcount == 1
    administrator.execute("set session_replication_role = origin")


def test_what_is_untouched_is_found_right(three_days, kept):
    assert list(problems(kept)) == []
    call_command("verify_history", "--heads", str(kept))
    assert [line.split()[2] for line in kept.read_text().splitlines()] == [head.sha256 for head in three_days]


@pytest.mark.parametrize(
    ("tampering", "told"),
    [
        ("update office_history set changes = '{{}}' where id = {history}", "not what was sealed"),
        ("update office_history set staff_id = 1 where id = {history}", "not what was sealed"),
        ("delete from office_history where id = {history}", "1 rows of office_history are missing"),
        ("update office_accessrecord set detail = 'x' where id = {access}", "not what was sealed"),
        ("delete from office_accessrecord where id = {access}", "1 rows of office_accessrecord are missing"),
        ("update office_historyhead set day = '2001-01-01' where number = 2", "not what was sealed"),
        ("delete from office_historyhead where number = 2", "head 2 is missing"),
    ],
)
def test_a_superusers_hand_is_found_by_its_day(three_days, administrator, kept, tampering, told):
    second = three_days[1]
    numbers = {"history": second.history[0].lower, "access": second.access[0].lower}
    past_all_triggers(administrator, tampering.format(**numbers))
    first = next(problems())
    assert told in first
    with pytest.raises(CommandError, match=told):
        call_command("verify_history", "--heads", str(kept))


def test_heads_written_anew_after_tampering_differ_from_the_copy_kept(three_days, administrator, kept):
    copy = kept.rename(kept.with_name("copy.txt"))
    past_all_triggers(
        administrator,
        f"update office_history set changes = '{{}}' where id = {three_days[1].history[0].lower}",
    )
    previous = three_days[0].sha256
    for head in three_days[1:]:
        previous = sha256_of(head, previous=previous)
        past_all_triggers(
            administrator, f"update office_historyhead set sha256 = '{previous}' where number = {head.number}"
        )
    assert list(problems()) == []
    told = list(problems(copy))
    assert told[0].startswith(f"{three_days[1].day}: the head is not the one kept")


def test_what_commits_after_the_seal_of_its_day_is_in_the_next(committed):
    person, other = insure(), insure()
    with psycopg.connect(os.environ["DATABASE_URL"]) as late:
        late.execute(f"set role {JOBS_ROLE}")
        late.execute("update insured_person set name = '迟' where id = %s", [person.pk])
        Person.objects.filter(pk=other.pk).update(name="早")
        first = seal(until=TOMORROW)
        early = History.objects.latest("id").pk
        assert any(early in part for part in first.history)
        late.commit()
    [missed] = History.objects.filter(record=person.pk, model="insured.person", changes__has_key="name")
    assert missed.pk < early and not any(missed.pk in part for part in first.history)
    second = seal(until=TOMORROW + timedelta(days=1))
    assert any(missed.pk in part for part in second.history)
    assert list(problems()) == []


def test_a_day_is_sealed_once_whoever_asks(committed):
    insure()
    made = []

    def ask():
        made.append(seal(until=TOMORROW))
        connections.close_all()

    threads = [threading.Thread(target=ask) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(made) == 6 and len([head for head in made if head]) == 1
    assert len(heads.file_of_heads().read_text().splitlines()) == 1


def test_a_row_slipped_in_among_long_sealed_ones_is_told(committed, administrator):
    person = insure()
    administrator.execute("select nextval('office_history_id_seq')")  # as a page that failed leaves it
    Person.objects.filter(pk=person.pk).update(name="改名")
    gap = History.objects.latest("id").pk - 1
    seal(until=TOMORROW)
    past_all_triggers(
        administrator,
        "update office_historyhead set at = at - interval '8 days'",
        "insert into office_history"
        " (id, at, origin, address, because, login, model, operation, record, changes)"
        f" values ({gap}, now(), '', '', '', '', 'insured.person', 'update', {person.pk}, '{{}}')",
    )
    assert "1 rows of office_history were written past every head" in next(problems())
    seal(until=TOMORROW + timedelta(days=1))
    assert list(problems())


def test_a_lost_file_is_written_again_whole(three_days, kept):
    text = kept.read_text()
    kept.unlink()
    assert seal(until=TOMORROW) is None
    assert kept.read_text() == text


def test_a_silenced_trigger_is_told(committed, administrator):
    administrator.execute("alter table insured_person disable trigger record_update")
    try:
        assert any("insured_person.record_update" in problem for problem in problems())
    finally:
        administrator.execute("alter table insured_person enable trigger record_update")


@pytest.mark.parametrize("text", ["", "no heads\n", "2 2026-01-01 abc\n"])
def test_a_file_of_something_else_is_refused(db, tmp_path, text):
    file = tmp_path / "other.txt"
    file.write_text(text)
    with pytest.raises(CommandError):
        call_command("verify_history", "--heads", str(file))
