"""Nothing plain at rest, nothing read out of its place, and keys that can be replaced."""

import os
import threading
from pathlib import Path

import pytest
from django.core.management import call_command
from django.db import connection, connections, transaction
from django.urls import reverse

from insured.models import Person
from office import imports, rotation, uploads
from office.models import AccessRecord, Act
from office.sealing import Tampered, current_key, key_of
from tests.files import PERSON, applied, checked, enrolment, problems, returned_cells
from tests.population import contract, identity_card, insure, member

PHONE = "13812345678"
ACCOUNT = "6222021234567890123"
WRONG = PERSON[:-1] + ("1" if PERSON[-1] != "1" else "2")


def test_no_table_log_or_file_holds_a_number_after_an_import(db, settings, caplog):
    applied([enrolment(手机号码=PHONE, 备注=PHONE)])
    applied([enrolment(手机号码="13900000000")])
    file = checked([enrolment(证件号码=WRONG, 备注=PHONE)])
    assert f"“{WRONG[:4]}**********{WRONG[-4:]}”" in problems(file)[0][2]
    assert WRONG in returned_cells(file)[1]
    with connection.cursor() as cursor:
        cursor.execute("select tablename from pg_tables where schemaname = current_schema()")
        for (table,) in cursor.fetchall():
            for number in (PERSON, WRONG, PHONE):
                hexed = number.encode().hex()
                cursor.execute(f"select count(*) from {table} t where t::text ~ '{number}|{hexed}'")
                assert cursor.fetchone()[0] == 0, (table, number)
    for path in Path(settings.MEDIA_ROOT).iterdir():
        assert PERSON.encode() not in path.read_bytes() and path.read_bytes()[:2] != b"PK"
    assert PERSON not in caplog.text and PHONE not in caplog.text


@pytest.mark.parametrize("column", ["document_sealed", "phone_sealed"])
def test_a_sealed_value_of_another_row_is_refused_by_name(db, column):
    one, other = insure(), insure()
    for person, phone in ((one, "1"), (other, "2")):
        person.reach_by(phone)
        person.save()
    Person.objects.filter(pk=one.pk).update(**{column: getattr(other, column)})
    one.refresh_from_db()
    with pytest.raises(Tampered, match=f"insured_person.{column} {bytes(one.document_index).hex()}"):
        assert one.document_number and one.phone


def test_a_stored_file_cannot_be_changed_cut_or_swapped(db):
    name, other = uploads.store([b"abc" * 10]), uploads.store([b"xyz"])
    assert b"".join(uploads.blocks(name)) == b"abc" * 10
    whole = uploads.path_of(name).read_bytes()
    for broken in (
        whole[:-1],
        whole[:70],
        whole[:9] + b"!" + whole[10:],
        uploads.path_of(other).read_bytes(),
    ):
        uploads.path_of(name).write_bytes(broken)
        with pytest.raises(Tampered):
            list(uploads.blocks(name))


def test_keys_are_replaced_and_the_old_one_can_go(db, settings, capsys):
    settings.FIELD_KEYS = {"k1": os.urandom(32)}
    applied([enrolment(手机号码=PHONE)])
    waiting = checked([enrolment(证件号码=identity_card(2))])
    settings.FIELD_KEYS = {"k2": os.urandom(32)} | settings.FIELD_KEYS
    call_command("rotate_keys", batch=1)
    assert "Everything is under key k2." in capsys.readouterr().out
    settings.FIELD_KEYS = {"k2": settings.FIELD_KEYS["k2"]}
    person = Person.objects.get()
    assert (person.document_number, person.phone) == (PERSON, PHONE)
    assert key_of(bytes(person.document_sealed)) == current_key() == "k2"
    imports.apply(waiting, by=None)
    assert Person.objects.latest("pk").document_number == identity_card(2)


@pytest.mark.parametrize(("role", "answer"), [("auditor", 200), ("policy_officer", 403)])
def test_numbers_are_opened_with_the_right_to_it_and_on_record(db, client, role, answer):
    person = insure()
    staff = member(role)
    client.force_login(staff)
    url = reverse("admin:insured_person_show", args=[person.pk])
    assert client.get(url).status_code in (403, 405)
    response = client.post(url)
    assert response.status_code == answer
    assert (person.document_number in response.content.decode()) == (answer == 200)
    noted = AccessRecord.objects.filter(act=Act.SHOW, staff=staff, subject=f"insured.person {person.pk}")
    assert noted.exists() == (answer == 200)


@pytest.mark.parametrize(("role", "answer"), [("finance_cashier", 200), ("policy_officer", 403)])
def test_a_facilitys_bank_account_is_opened_the_same_way(db, client, role, answer):
    facility, staff = contract(), member(role)
    facility.pay_into(ACCOUNT)
    facility.save()
    client.force_login(staff)
    for record in (facility, ""):
        name = "change" if record else "changelist"
        page = reverse(f"admin:facilities_facility_{name}", args=[record.pk] if record else [])
        assert ACCOUNT not in client.get(page).content.decode()
    response = client.post(reverse("admin:facilities_facility_show", args=[facility.pk]))
    assert response.status_code == answer
    assert (ACCOUNT in response.content.decode()) == (answer == 200)
    noted = AccessRecord.objects.filter(
        act=Act.SHOW, staff=staff, subject=f"facilities.facility {facility.pk}"
    )
    assert noted.exists() == (answer == 200)


def test_keys_are_not_replaced_while_an_import_is_applied(committed, settings):
    """It holds sealed values between two statements: resealing waits until they are in their table."""
    settings.FIELD_KEYS = {"k1": os.urandom(32)}
    insure()
    settings.FIELD_KEYS = {"k2": os.urandom(32)} | settings.FIELD_KEYS
    batches = []

    def reseal():
        batches.extend(rotation.reseal("insured_person.document_sealed", row="document_index", batch=5))
        connections.close_all()

    thread = threading.Thread(target=reseal)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("select pg_advisory_xact_lock(%s)", [imports.APPLY_LOCK])
        thread.start()
        thread.join(0.5)
        assert batches == []
    thread.join()
    assert batches == [1]
    assert key_of(bytes(Person.objects.get().document_sealed)) == "k2"
