"""One city in one database: its schema, and the three roles that work in it.

The schema belongs to the owner role of its name, which only migrates. Pages are served as the app role,
which may use the tables but not own, alter or truncate them, and is under row-level security: it sees the
people of the counties its transaction names, nobody when it names none. Workers and commands sign in as the
app role too and then take the jobs role, which sees the whole city. `public` is out of their sight.
Needs no Django: it runs before there are settings.
"""

import re

import psycopg
from psycopg import sql

EXTENSIONS = ("btree_gist", "pg_trgm")
CITY_CODE = re.compile(r"\d{6}", re.ASCII)

# Two processes may set up the same city at once, and PostgreSQL refuses concurrent changes of one role.
LOCK = "select pg_advisory_lock(hashtext('gongji city schema'))"

OWNER = """
alter role {owner} login;
create schema if not exists {owner} authorization {owner};
alter role {owner} set search_path = {owner}, ext;
grant usage on schema ext to {owner};
"""
# The app role does not inherit: what the jobs role sees it sees only after taking that role on purpose.
APP = """
alter role {app} login noinherit;
alter role {app} set search_path = {owner}, ext;
alter role {jobs} nologin bypassrls;
grant usage on schema ext to {app}, {jobs};
grant {jobs} to {app};
"""
RIGHTS = """
grant usage on schema {owner} to {role};
grant select, insert, update, delete on all tables in schema {owner} to {role};
grant usage, select on all sequences in schema {owner} to {role};
grant execute on all functions in schema {owner} to {role};
alter default privileges for role {owner} in schema {owner}
    grant select, insert, update, delete on tables to {role};
alter default privileges for role {owner} in schema {owner} grant usage, select on sequences to {role};
alter default privileges for role {owner} in schema {owner} grant execute on functions to {role};
"""


def set_up_city_schema(
    admin_conninfo: str,
    *,
    city: str,
    database: str = "gongji",
    owner_password: str | None = None,
    app_password: str | None = None,
    locale: str = "C.UTF-8",
) -> None:
    """Create what is missing of the database, extensions, roles, schema and rights; change nothing else.

    `admin_conninfo` is a superuser's, for any database of the server.
    Raises ValueError for a city code that is not six digits, psycopg.Error when the server refuses.
    """
    if not CITY_CODE.fullmatch(city):
        raise ValueError(f"CITY is {city!r}: it must be the six digits of the city's GB/T 2260 code.")
    owner, app, jobs = f"c{city}", f"c{city}_app", f"c{city}_jobs"
    with psycopg.connect(admin_conninfo, autocommit=True) as admin:
        admin.execute(LOCK)
        if not admin.execute("select 1 from pg_database where datname = %s", [database]).fetchone():
            create = "create database {} template template0 encoding 'UTF8' locale {}"
            admin.execute(sql.SQL(create).format(sql.Identifier(database), sql.Literal(locale)))
        new = {role for role in (owner, app, jobs) if _create_role(admin, role)}
        for role, password in ((owner, owner_password), (app, app_password)):
            _set_password(admin, role, password)
        with psycopg.connect(admin_conninfo, dbname=database) as inside:
            inside.execute("revoke create on schema public from public")
            inside.execute("create schema if not exists ext")
            for extension in EXTENSIONS:
                create = "create extension if not exists {} schema ext"
                inside.execute(sql.SQL(create).format(sql.Identifier(extension)))
            names = {"owner": sql.Identifier(owner), "app": sql.Identifier(app), "jobs": sql.Identifier(jobs)}
            inside.execute(sql.SQL(OWNER).format(**names))
            inside.execute(sql.SQL(APP).format(**names))
            # Given once: repeating it would hand back what migrations have taken away since.
            for role in new & {app, jobs}:
                inside.execute(sql.SQL(RIGHTS).format(owner=names["owner"], role=sql.Identifier(role)))


def _create_role(admin: psycopg.Connection, role: str) -> bool:
    """Create the role unless it is there; whether it is new."""
    if admin.execute("select 1 from pg_roles where rolname = %s", [role]).fetchone():
        return False
    admin.execute(sql.SQL("create role {}").format(sql.Identifier(role)))
    return True


def _set_password(admin: psycopg.Connection, role: str, password: str | None) -> None:
    name = sql.Identifier(role)
    if password is not None:
        # Hashed here, so that the password itself reaches no log of the server.
        hashed = admin.pgconn.encrypt_password(password.encode(), role.encode()).decode()
        admin.execute(sql.SQL("alter role {} password {}").format(name, sql.Literal(hashed)))
