"""The city's functions look for tables in the city's schema first, whoever calls them.

Unless it is named in their path, PostgreSQL looks into a session's temporary tables before all others:
anybody could put a table of staff of their own before ours, and be let through by the functions that guard
approvals and counties.
"""

from django.db import connection

PIN = """
do $$
declare
    function regprocedure;
begin
    for function in
        select oid from pg_proc
        where pronamespace = current_schema()::regnamespace and provolatile <> 'i'
            and coalesce(proconfig::text, '') !~ 'search_path'
    loop
        execute format('alter function %s set search_path = %I, ext, pg_temp', function, current_schema());
    end loop;
end
$$
"""


def pin_functions() -> None:
    """Bind every function that reads tables, as the owner; `migrate` does it after all migrations."""
    with connection.cursor() as cursor:
        cursor.execute(PIN)
