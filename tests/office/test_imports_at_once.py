"""Two clerks at once: neither waits for the other's preview, and nothing is mixed or lost."""

import threading

import pytest
from django.conf import settings
from django.db import connection, transaction

from facilities.agreements import suspend
from insured.models import Enrolment, Person
from office import imports, staging
from office.acting import acting
from office.import_tasks import apply_import, check_import
from office.models import ImportFile, ImportState, Origin
from office.staging import Refused
from office.tasks import sweep
from tests.files import checked, counts, enrolment, workbook
from tests.population import contract, identity_card, member
from tests.worker import wait_until


def at_once(*files) -> list[str]:
    """Apply the files at the same moment; what became of each."""
    start, outcomes = threading.Barrier(len(files)), [""] * len(files)

    def apply(place: int) -> None:
        try:
            start.wait()
            imports.apply(files[place], by=None)
            outcomes[place] = "applied"
        except Refused as refused:
            outcomes[place] = refused.message
        finally:
            connection.close()

    threads = [threading.Thread(target=apply, args=(place,)) for place in range(len(files))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return outcomes


def people(numbers, **values) -> list[dict]:
    return [enrolment(证件号码=identity_card(number), **values) for number in numbers]


def test_different_people_at_once(committed):
    files = [checked(people(range(first, first + 40))) for first in (0, 40, 80)]
    assert at_once(*files) == ["applied"] * 3
    assert Person.objects.count() == Enrolment.objects.count() == 120


def test_the_same_people_at_once(committed):
    files = [checked(people(range(30), 月缴费基数=base)) for base in ("1000", "2000", "3000")]
    outcomes = at_once(*files)
    assert outcomes.count("applied") == 1
    assert outcomes.count(imports.CHANGED_SINCE) == 2
    assert Person.objects.count() == Enrolment.objects.values("base").count() == 30
    assert Enrolment.objects.values("base").distinct().count() == 1


def test_the_same_content_at_once(committed):
    content = workbook(people(range(10)))
    outcomes = at_once(checked(content), checked(content))
    assert sorted(outcomes) == sorted(["applied", imports.ALREADY_APPLIED])


def test_a_record_entered_by_hand_meanwhile(committed):
    file = checked(people([1]))
    person = Person.of(identity_card(1), name="李四")
    person.save()
    assert at_once(file) == [imports.CHANGED_SINCE]
    assert not Enrolment.objects.exists()
    assert counts(imports.check(file)) == {"changed": 1}
    assert at_once(file) == ["applied"]
    assert Enrolment.objects.get().person == person


def execute(statement: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement)


def test_what_was_judged_is_taken_up_unless_something_it_rests_on_has_changed(committed, monkeypatch):
    judged = []
    judge = imports.judge

    def counting(*given, **values) -> None:
        judged.append(1)
        judge(*given, **values)

    monkeypatch.setattr(imports, "judge", counting)

    def judged_while_applied(file: ImportFile) -> int:
        judged.clear()
        imports.apply(file, by=None)
        return len(judged)

    def person(number: int) -> ImportFile:
        return checked(people([number]))

    assert judged_while_applied(person(1)) == 0
    waiting = person(2)
    execute("insert into insured_employer (code, name) values ('E1', '某厂')")  # by hand, past the portal
    assert judged_while_applied(waiting) == 1
    waiting = person(3)
    execute("update office_importfile set judged = jsonb_set(judged, '{by}', '\"another day\"')")
    assert judged_while_applied(waiting) == 1
    waiting = person(4)
    member("clerk")  # no record that it was judged by
    assert judged_while_applied(waiting) == 0
    agreement = contract().agreements.first()
    waiting = person(5)
    suspend(agreement, on=agreement.first_day, reason="整改")  # read through a view
    assert judged_while_applied(waiting) == 1
    assert Person.objects.count() == Enrolment.objects.count() == 5


def rows_shown(file: ImportFile) -> int:
    """How far the file is, as a page tells it."""
    with acting(staff=None, origin=Origin.PAGE, role=settings.PAGES_ROLE):
        return staging.rows_read(file)


def test_a_small_file_does_not_wait_for_the_check_of_a_large_one(committed):
    large = imports.upload(
        layout="enrolments", name="a.xlsx", content=[workbook(people([1]))], by=None, origin=Origin.PAGE
    )
    go_on = threading.Event()

    def check_slowly() -> None:
        with transaction.atomic(), connection.cursor() as cursor:
            ImportFile.objects.select_for_update().get(pk=large.pk)
            cursor.execute(imports.STAGED)
            staging.name_connection(large)
            with cursor.copy(staging.COPY_ROWS) as copy:
                copy.write(b"1\t{}\t{}\t{}\t{}\n" * 20_000)
                go_on.wait(60)
        connection.close()

    checking = threading.Thread(target=check_slowly)
    checking.start()
    wait_until(lambda: rows_shown(large) > 0, seconds=30)
    small = checked(people([2]))
    assert at_once(small) == ["applied"]
    go_on.set()
    checking.join()
    assert rows_shown(large) == 0
    assert Person.objects.count() == 1


@pytest.mark.django_db
def test_confirmed_files_are_applied_once_in_the_background():
    clerk = member("clerk")
    file = imports.upload(
        layout="enrolments", name="a.xlsx", content=[workbook(people([1]))], by=clerk, origin=Origin.PAGE
    )
    for _delivery in range(2):
        check_import(file.pk)
    file.refresh_from_db()
    imports.confirm(file, by=clerk)
    with pytest.raises(Refused):
        imports.cancel(file)
    for _delivery in range(2):
        apply_import(file.pk)
    file.refresh_from_db()
    assert (file.state, file.applied_by) == (ImportState.APPLIED, clerk)
    assert Enrolment.objects.count() == 1


@pytest.mark.django_db
def test_a_confirmed_file_that_no_longer_fits_is_shown_anew():
    file = imports.confirm(checked(people([1, 2])), by=member("clerk"))
    Person.of(identity_card(1), name="李四").save()
    apply_import(file.pk)
    file.refresh_from_db()
    assert (file.state, file.applied_by) == (ImportState.CHECKED, None)
    assert file.refusal["message"] == imports.CHANGED_SINCE
    assert not Enrolment.objects.exists()
    imports.apply(file, by=None)
    assert Enrolment.objects.count() == 2


@pytest.mark.django_db
def test_what_was_lost_on_the_way_is_asked_for_again(monkeypatch, django_capture_on_commit_callbacks):
    file = imports.upload(
        layout="enrolments", name="a.xlsx", content=[workbook(people([1]))], by=None, origin=Origin.PAGE
    )
    asked = []
    monkeypatch.setattr("office.import_tasks.check_import.delay", asked.append)
    with django_capture_on_commit_callbacks(execute=True):
        sweep()
        ImportFile.objects.update(created_at="2023-01-01T00:00:00Z")
        sweep()
    assert asked == [file.pk]
