"""PostgreSQL itself shows a page only what belongs to the counties of whoever asked."""

import pytest
from django.conf import settings
from django.db import DatabaseError, ProgrammingError, connection, transaction

from accounts.models import Account, RunLine, Transfer
from insured import spells
from insured.models import Enrolment, Person, PersonChange, Selection
from insured.search import find_people
from office import exports, runs
from office.acting import acting
from office.models import County, ImportFile, Run, RunEvent, RunException, Staff
from policies.month import Month
from settlement.models import Prepayment
from tests.population import contract, insure, member, posted, select

pytestmark = pytest.mark.django_db
HERE, THERE = "441602", "441621"
OF_PEOPLE = [Person, Enrolment, Selection, PersonChange, Account, Transfer, RunLine, RunException, Prepayment]


@pytest.fixture
def two_counties():
    """In each county two people, one without a base, and a facility; a month credited and prepaid."""
    clerk = member("clerk")
    for county in (HERE, THERE):
        facility = contract()
        facility.county = County.objects.get(code=county)
        facility.save()
        for base in ("5000", None):
            person = insure(county=county, base=base)
            select(person, facility, first="2023-01")
            spells.suspend(person, month=Month(2024, 1), reason="停保", by=clerk)
    for kind in ("credit", "prepayment"):
        run = runs.prepare(kind=kind, scheme="310", period=Month(2023, 3), by=clerk, origin="page")
        runs.compute(run.pk)
        run.refresh_from_db()
        posted(run)


def pages_of(staff: Staff | None):
    return acting(staff=staff, origin="page", role=settings.PAGES_ROLE)


def counted(query: str) -> int:
    with connection.cursor() as cursor:
        cursor.execute(query)
        return cursor.fetchone()[0]


@pytest.mark.parametrize("model", OF_PEOPLE)
def test_a_hand_written_query_shows_one_county(two_counties, model):
    query = f"select count(*) from {model._meta.db_table}"
    here, there = (member("auditor", f"a{county}", counties=(county,)) for county in (HERE, THERE))
    whole = member("auditor", "whole")
    with pages_of(whole):
        everything = counted(query)
    with pages_of(here):
        of_here = counted(query)
    with pages_of(there):
        of_there = counted(query)
    with pages_of(None):
        of_nobody = counted(query)
    shared = Account.objects.filter(person=None, facility=None).count() if model is Account else 0
    assert everything == of_here + of_there - shared
    assert of_here == of_there > shared
    assert of_nobody == shared


def test_files_brought_in_and_taken_away_are_ones_own(db):
    mine, other = (member("clerk", name, counties=(HERE,)) for name in ("mine", "other"))
    ImportFile.objects.create(
        layout="enrolments", name="a.csv", size=1, stored_as="a", origin="page", uploaded_by=mine
    )
    exports.ask(listed="insured.person", query="", extension="csv", by=mine, address="")
    for staff, sees in ((mine, 1), (other, 0)):
        with pages_of(staff):
            assert counted("select count(*) from office_importfile") == sees
            assert counted("select count(*) from office_export") == sees


def test_nothing_is_told_in_the_name_of_another(two_counties):
    clerk, run, person = Staff.objects.get(username="clerk"), Run.objects.first(), Person.objects.first()
    told = {"person": person, "kind": "changed", "reason": "更正", "before": {}, "after": {}}
    with pages_of(clerk):
        RunEvent.objects.create(run=run, actor=clerk, origin="page", act="prepare")
        PersonChange.objects.create(by=clerk, **told)
    with pages_of(member("clerk", "somebody_else")):
        for write in (
            lambda: RunEvent.objects.create(run=run, actor=clerk, origin="page", act="prepare"),
            lambda: PersonChange.objects.create(by=clerk, **told),
        ):
            with pytest.raises(DatabaseError, match="in the name of another"), transaction.atomic():
                write()


def test_whoever_is_disabled_sees_nothing(two_counties):
    gone = member("clerk", "gone", counties=(HERE,))
    Staff.objects.filter(pk=gone.pk).update(is_active=False)
    with pages_of(gone):
        assert not Person.objects.exists()


@pytest.mark.parametrize(
    "written",
    [
        "insert into insured_person"
        " (document_type, document_index, document_sealed, document_tail_index, name, sex, county_id)"
        " values ('08', '1', '1', '1', '外人', '', {there})",
        "update insured_person set county_id = {there}",
        "insert into insured_enrolment (person_id, scheme, status, retirement_group, county_id, first_month)"
        " values ((select min(id) from insured_person), '390', 'resident', '', {there}, '2023-01-01')",
        "update facilities_facility set county_id = {there}",
    ],
)
def test_nothing_is_written_for_another_county(two_counties, written):
    clerk, there = member("clerk", "a", counties=(HERE,)), County.objects.get(code=THERE)
    with (
        pytest.raises(ProgrammingError, match="row-level security"),
        pages_of(clerk),
        connection.cursor() as cursor,
    ):
        cursor.execute(written.format(there=there.pk))


def test_tables_of_ones_own_do_not_stand_before_the_citys(two_counties):
    with pages_of(None), connection.cursor() as cursor:
        cursor.execute("create temporary table office_staff (id bigint, is_active bool, whole_city bool)")
        cursor.execute("alter table office_staff add is_superuser bool")
        cursor.execute("insert into office_staff values (1, true, true, true)")
        cursor.execute("set local gongji.staff = 1")
        assert counted("select count(*) from insured_person") == 0
        cursor.execute("drop table office_staff")


def test_every_function_that_reads_tables_is_bound_to_the_citys(db):
    assert not counted(
        "select count(*) from pg_proc where pronamespace = current_schema()::regnamespace"
        " and provolatile <> 'i' and coalesce(proconfig::text, '') !~ 'search_path=.*pg_temp'"
    )


def test_updates_and_deletes_pass_over_what_is_not_seen(two_counties):
    clerk = member("clerk", "a", counties=(HERE,))
    with pages_of(clerk):
        assert Person.objects.update(name="改名") == 2
        assert Selection.objects.all()._raw_delete("default") == 2
    assert Person.objects.filter(name="改名").count() == 2
    assert Selection.objects.count() == 2


def test_people_are_found_by_name_within_the_scope(two_counties):
    clerk, everybody = member("clerk", "a", counties=(HERE,)), Person.objects.all()
    with pages_of(clerk):
        assert {person.county.code for person in find_people(everybody, "测试")} == {HERE}
    with pages_of(member("clerk", "whole")):
        assert find_people(everybody, "测试").count() == 4
    with pages_of(None):
        assert not find_people(everybody, "测试")


def test_a_person_follows_the_latest_spell():
    person = insure(county=HERE, first="2022-01", last="2022-12")
    here, there = (County.objects.get(code=county) for county in (HERE, THERE))

    def county_of_person():
        return Person.objects.get(pk=person.pk).county

    assert county_of_person() == here
    later = person.enrolments.create(
        scheme="310", status="active", county=there, first_month=Month(2023, 1), base="5000"
    )
    assert county_of_person() == there
    Enrolment.objects.filter(pk=later.pk).update(county=here)
    assert county_of_person() == here
    person.enrolments.create(
        scheme="310", status="active", county=there, first_month=Month(2021, 1), last_month=Month(2021, 2)
    )
    assert county_of_person() == here
    Enrolment.objects.filter(pk=later.pk).update(county=there)
    assert county_of_person() == there


def test_a_run_is_not_for_staff_of_one_county():
    clerk = member("clerk", "a", counties=(HERE,))
    with pytest.raises(runs.RunRefused, match="全市"):
        runs.prepare(kind="credit", scheme="310", period=Month(2023, 3), by=clerk, origin="page")
