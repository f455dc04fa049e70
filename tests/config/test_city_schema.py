"""A city's schema: the portal's role may use it, and nothing more."""

import secrets
import threading

import psycopg
import pytest
from psycopg import errors

from config import embedded
from office.city_schema import set_up_city_schema

CITY = "441600"


@pytest.fixture(scope="module")
def server():
    with embedded.temporary_services() as (postgres, _broker):
        set_up_city_schema(postgres.conninfo(), city=CITY)
        yield postgres


def connect(server, role) -> psycopg.Connection:
    return psycopg.connect(server.conninfo(role, "gongji"), autocommit=True)


def test_the_portal_uses_what_the_owner_makes_but_cannot_change_its_shape(server):
    with connect(server, "c441600") as owner:
        owner.execute("create table transfer (id bigint generated always as identity, name text)")
        owner.execute("create function twice(n int) returns int language sql return n * 2")
    with connect(server, "c441600_app") as app:
        app.execute("insert into transfer (name) values ('王小明')")
        app.execute("update transfer set name = '王大明'")
        assert app.execute("select twice(id::int) from transfer").fetchone() == (2,)
        app.execute("create temporary table staging (n int)")
        app.execute("delete from transfer")
        for forbidden in (
            "truncate transfer",
            "drop table transfer",
            "alter table transfer disable trigger all",
            "create table extra (n int)",
            "create table public.extra (n int)",
            "set role c441600",
        ):
            with pytest.raises(errors.InsufficientPrivilege):
                app.execute(forbidden)


def test_a_city_does_not_see_another(server):
    set_up_city_schema(server.conninfo(), city="441900")
    with connect(server, "c441900") as owner:
        owner.execute("create table person (n int)")
    for role in ("c441600", "c441600_app"):
        with connect(server, role) as other, pytest.raises(errors.InsufficientPrivilege):
            other.execute("select from c441900.person")


def test_extensions_are_found_without_a_prefix(server):
    with connect(server, "c441600") as owner:
        assert owner.execute("select current_schemas(false)").fetchone() == (["c441600", "ext"],)
        owner.execute(
            "create table spell (person int, days daterange, exclude using gist "
            "(person with =, days with &&))"
        )
        owner.execute("create index on spell using gin ((person::text) gin_trgm_ops)")


def test_it_may_be_repeated_by_several_at_once(server):
    failures = []

    def again():
        try:
            set_up_city_schema(server.conninfo(), city="441700")
        except psycopg.Error as error:
            failures.append(error)

    threads = [threading.Thread(target=again) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []


def test_passwords_reach_the_server_hashed(server):
    password = secrets.token_urlsafe()
    set_up_city_schema(server.conninfo(), city=CITY, app_password=password)
    with connect(server, "postgres") as admin:
        stored = dict(
            admin.execute("select rolname, rolpassword from pg_authid where rolname ~ '^c441600'").fetchall()
        )
    assert stored["c441600_app"].startswith("SCRAM-SHA-256$")
    assert stored["c441600"] is None


@pytest.mark.parametrize("city", ["", "44160", "4416000", "44160x", "４４１６００", "441600\n"])
def test_a_city_is_its_six_digits(server, city):
    with pytest.raises(ValueError, match="six digits"):
        set_up_city_schema(server.conninfo(), city=city)
