"""For migrations: tables that are only ever written to, whoever asks."""

from django.db.migrations import RunSQL

REFUSE = """
create or replace function office_refuse_change() returns trigger language plpgsql as $$
begin
    raise exception '% of % is refused: it is only ever written to', tg_op, tg_table_name
        using errcode = 'restrict_violation';
end
$$
"""

REVOKE = """
do $$
declare
    worker text;
begin
    foreach worker in array array[current_user || '_app', current_user || '_jobs'] loop
        if exists (select from pg_roles where rolname = worker) then
            execute format('revoke {rights} on {table} from %I', worker);
        end if;
    end loop;
end
$$
"""


def append_only(table: str) -> list[RunSQL]:
    """Operations after which rows of the table are neither changed nor removed, by trigger and by right."""
    return [
        RunSQL(REFUSE, RunSQL.noop),
        RunSQL(
            f"""
            create trigger refuse_change before update or delete or truncate on {table}
            for each statement execute function office_refuse_change()
            """,
            f"drop trigger refuse_change on {table}",
        ),
        revoke("update, delete, truncate", table=table),
    ]


def revoke(rights: str, *, table: str) -> RunSQL:
    """Takes rights to a table away from the roles that serve pages and do the jobs."""
    return RunSQL(REVOKE.format(rights=rights, table=table), RunSQL.noop)
