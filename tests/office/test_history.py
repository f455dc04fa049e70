"""The database's own history of records: complete, by whom and why, and out of everybody's reach."""

import io

import psycopg
import pytest
from django.conf import settings
from django.core.management import call_command
from django.db import DatabaseError, connection, transaction

from facilities.models import Facility
from insured.models import Enrolment, Person, Selection
from office import import_tasks, imports, runs
from office.acting import acting
from office.chunks import post_chunks
from office.history import missing_triggers
from office.models import History, Staff
from policies.month import Month
from tests.population import contract, identity_card, insure, member, select

HEADER = "证件号码,姓名,险种,参保身份,月缴费基数,生效年月,区县代码\n"
ROW = identity_card(1) + ",张三,310,在职,{base},{month},441602\n"


def execute(sql: str, *values) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql, values)


def newest() -> int:
    last = History.objects.order_by("id").last()
    return last.pk if last else 0


def since(last: int, model: str) -> list[History]:
    return list(History.objects.filter(model=model, id__gt=last).order_by("id"))


def test_one_statement_over_many_records_is_recorded_for_each(db):
    people, clerk, last = [insure() for _ in range(3)], member("clerk"), newest()
    with acting(staff=clerk, origin="page", address="10.0.0.7", because="import 12"):
        execute("update insured_person set phone_index = '1', phone_sealed = '1', died_on = '2023-05-01'")
    found = since(last, "insured.person")
    assert [change.record for change in found] == [person.pk for person in people]
    for change in found:
        assert change.changes == {"phone_sealed": [False, True], "died_on": [None, "2023-05-01"]}
        assert (change.staff, change.origin, change.address) == (clerk, "page", "10.0.0.7")
        assert (change.because, change.operation, change.login) == ("import 12", "update", "c441600_app")


def test_what_is_saved_unchanged_leaves_nothing(db):
    person = Person.objects.get(pk=insure().pk)
    last = newest()
    person.save()
    Person.objects.update(name=person.name)
    assert newest() == last


def test_a_removed_record_is_kept_whole(db):
    spell, last = insure(base="5000.00").enrolments.get(), newest()
    Enrolment.objects.filter(pk=spell.pk).delete()
    [removed] = since(last, "insured.enrolment")
    assert (removed.operation, removed.record) == ("delete", spell.pk)
    assert removed.changes["base"] == [5000.00, None]
    assert removed.changes["person_id"] == [spell.person_id, None]


def test_entering_many_records_costs_one_row_in_which_each_is_found(db):
    last = newest()
    execute(
        "insert into insured_person"
        " (document_type, document_index, document_sealed, document_tail_index, name, sex)"
        " select '99', decode(md5(n::text), 'hex'), '', '', '甲', '' from generate_series(1, 5000) n"
    )
    [entered] = since(last, "insured.person")
    for person in Person.objects.order_by("pk")[:5000:1000]:
        assert History.objects.get(ids__meets=[person.pk], model="insured.person") == entered


def test_roles_given_and_taken_are_changes_of_the_member_of_staff(db):
    clerk, last = member("clerk"), newest()
    [role] = clerk.groups.all()
    clerk.groups.clear()
    clerk.groups.add(role)
    taken, given = since(last, "office.staff")
    assert (taken.record, taken.changes) == (clerk.pk, {"groups": [role.pk, None]})
    assert given.changes == {"groups": [None, role.pk]}


def test_passwords_and_sign_ins_are_nobodys_history(db):
    clerk, last = member("clerk"), newest()
    clerk.set_password("another horse 43")
    clerk.save()
    execute("update office_staff set last_login = now()")
    assert {column for change in since(last, "office.staff") for column in change.changes} <= {
        "password_set_at"
    }
    Staff.objects.filter(pk=clerk.pk).delete()
    [removed] = [change for change in since(last, "office.staff") if change.operation == "delete"]
    assert "password" not in removed.changes


def test_an_import_names_its_clerk_and_itself_however_it_is_applied(db, tmp_path):
    def uploaded(text):
        given = {"layout": "enrolments", "name": "名单.csv", "content": [text.encode("utf-8-sig")]}
        return imports.check(imports.upload(**given, by=clerk, origin="page"))

    clerk, last = member("clerk"), newest()
    by_worker = imports.confirm(uploaded(HEADER + ROW.format(base=5000, month="2023-03")), by=clerk)
    import_tasks.apply_import(by_worker.pk)
    [entered] = since(last, "insured.person")
    assert (entered.staff, entered.origin, entered.because) == (clerk, "page", f"import {by_worker.pk}")

    last, file = newest(), tmp_path / "名单.csv"
    file.write_text(HEADER + ROW.format(base=6000, month="2023-03"), encoding="utf-8-sig")
    call_command("import_enrolments", str(file), "--apply", "--as", "clerk", stdout=io.StringIO())
    [restated] = since(last, "insured.enrolment")
    assert restated.changes == {"base": [5000.00, 6000.00]}
    assert (restated.staff, restated.origin) == (clerk, "command_line")
    assert restated.because == f"import {by_worker.pk + 1}"


def test_what_a_run_enters_names_the_run_and_who_had_it_posted(db):
    clerk, reviewer = member("clerk"), member("reviewer")
    select(insure(first="2022-01"), contract(), first="2022-01")
    run = runs.compute(
        runs.prepare(kind="carry_over", scheme="310", period=Month(2022, 1), by=clerk, origin="page").pk
    )
    runs.approve(run, by=reviewer, origin="page")
    runs.start_posting(run, by=reviewer, origin="page")
    last = newest()
    post_chunks(run.pk)
    [entered] = since(last, "insured.selection")
    assert (entered.staff, entered.because) == (reviewer, f"run {run.pk}")
    carried = Selection.objects.get(kind="carried")
    assert History.objects.get(ids__meets=[carried.pk], model="insured.selection") == entered


def test_what_is_rolled_back_leaves_no_history(db):
    person, last = insure(), newest()
    with pytest.raises(ZeroDivisionError), acting(staff=None, origin="page"):
        Person.objects.filter(pk=person.pk).update(name="改名")
        assert newest() > last
        raise ZeroDivisionError
    assert newest() == last


def test_a_change_past_the_portal_tells_who_was_signed_in_to_the_database(committed, administrator):
    facility = contract(years=[])
    administrator.execute("update facilities_facility set bank_name = '工行' where id = %s", [facility.pk])
    change = History.objects.latest("id")
    assert (change.staff, change.origin, change.login) == (None, "", "postgres")
    assert change.changes == {"bank_name": ["", "工行"]}


def test_a_sealed_value_changes_with_its_index_and_not_by_being_sealed_again(committed, administrator):
    facility = contract(years=[])
    with administrator.transaction(force_rollback=True):
        administrator.execute(
            "alter table facilities_facility add secret_index bytea, add secret_sealed bytea"
        )

        def update(index: str, sealed: str) -> dict:
            values = [index.encode(), sealed.encode(), facility.pk]
            statement = "update facilities_facility set secret_index = %s, secret_sealed = %s where id = %s"
            administrator.execute(statement, values)
            last = "select changes from office_history order by id desc limit 1"
            return administrator.execute(last).fetchone()[0]

        first = update("index", "old key")
        assert first["secret_sealed"] == [False, True]
        assert update("index", "new key") == first  # nothing was added
        assert update("other index", "new value")["secret_sealed"] == [True, True]


@pytest.mark.parametrize("role", [settings.PAGES_ROLE, settings.JOBS_ROLE])
@pytest.mark.parametrize(
    "attempt",
    [
        "insert into office_history (at, origin, address, because, login, model, operation, record, changes)"
        " values (now(), '', '', '', '', 'insured.person', 'update', 1, '{}')",
        "update office_history set staff_id = null",
        "delete from office_history",
        "truncate office_history",
        "drop table office_history",
        "alter table office_history disable trigger all",
        "update office_accessrecord set detail = ''",
        "delete from office_accessrecord",
        "truncate office_accessrecord",
        "alter table office_accessrecord disable trigger all",
        "update office_historyhead set sha256 = ''",
        "delete from office_historyhead",
        "truncate office_historyhead",
        "alter table insured_person disable trigger record_update",
        "drop trigger record_update on insured_person",
        "truncate insured_person cascade",
        "set session_replication_role = replica",
        "create or replace function office_record_change() returns trigger language sql as 'select 1'",
        "create temp table forged (id int);"
        " create trigger forge after insert on forged referencing new table as new_rows"
        " for each statement execute function office_record_change('insured.person')",
    ],
)
def test_neither_pages_nor_jobs_can_touch_what_is_written(db, role, attempt):
    insure()
    with (
        pytest.raises(DatabaseError) as refused,
        acting(staff=None, origin="page", role=role),
    ):
        execute(attempt)
    assert refused.value.__cause__.sqlstate == psycopg.errors.InsufficientPrivilege.sqlstate


@pytest.mark.parametrize("table", ["office_history", "office_accessrecord", "office_historyhead"])
@pytest.mark.parametrize("attempt", ["update {} set id = id", "delete from {}", "truncate {}"])
def test_triggers_refuse_even_the_servers_superuser(administrator, django_db_setup, table, attempt):
    attempt = attempt.replace("id = id", "at = at").format(table)
    with pytest.raises(psycopg.errors.RestrictViolation):
        administrator.execute(attempt)


def test_a_table_of_the_same_name_in_a_session_takes_no_history_away(db):
    person, clerk = insure(), member("clerk")
    last = newest()
    with acting(staff=clerk, origin="page", role=settings.PAGES_ROLE):
        execute("create temp table office_history (like office_history) on commit drop")
        execute("update insured_person set name = '改名' where id = %s", person.pk)
        execute("drop table pg_temp.office_history")
    assert [change.record for change in since(last, "insured.person")] == [person.pk]


def test_recorded_tables_cannot_be_emptied_unseen(administrator, django_db_setup):
    with pytest.raises(psycopg.errors.RestrictViolation):
        administrator.execute("truncate insured_selection")


def test_every_declared_table_has_its_triggers_and_a_silenced_one_is_noticed(db):
    assert missing_triggers() == []


def test_two_at_once_each_keep_their_own_name(db):
    clerk, facility = member("clerk"), contract(years=[])
    with acting(staff=clerk, origin="page", because="outer"):
        with acting(staff=None, origin="schedule", because="inner"):
            Facility.objects.filter(pk=facility.pk).update(name="一")
        Facility.objects.filter(pk=facility.pk).update(name="二")
    inner, outer = since(0, "facilities.facility")[-2:]
    assert (inner.staff, inner.because) == (None, "inner")
    assert (outer.staff, outer.because) == (clerk, "outer")
    with transaction.atomic():
        Facility.objects.filter(pk=facility.pk).update(name="三")
    assert since(outer.pk, "facilities.facility")[0].because == ""
