"""What a preview found of the rows it would write, kept until they are written, and the proof that it holds.

A row need not be judged again when nothing it was judged by has changed: the records its layout's `facts`
read, which cannot change without a line in the history, by whatever hand; the values its statements were
given; the statements themselves; the day. When any of it did, or nothing was kept, everything is judged anew.
"""

import hashlib
import json
import re

from django.apps import apps
from django.utils import timezone

from office.history import RECORDED
from office.import_sql import typed, verdict
from office.layouts import Layout
from office.models import ImportFile, Outcome
from office.statements import statement

WORDS = re.compile(r"\w+")


def snapshot(cursor) -> str:
    """What of others' work is seen from here on at the least."""
    # Asked of the table, so that the server on which it lies answers.
    cursor.execute("select pg_current_snapshot()::text, count(*) from office_history where false")
    return cursor.fetchone()[0]


def keep(cursor, import_file: ImportFile, *, declared: Layout, values: dict, since: str) -> None:
    """Enter the staged rows with what was found of them, in one statement."""
    columns = named_by_steps(cursor, declared)
    fact = ", ".join(f"facts.{name}" for name, _type in columns)
    cursor.execute(KEEP.format(fact=fact), {"import": import_file.pk})
    import_file.judged = {
        "since": since,
        "columns": columns,
        "by": judged_by(cursor, import_file, declared=declared, values=values),
    }


def take_up(cursor, import_file: ImportFile, *, declared: Layout, values: dict) -> bool:
    """Make `accepted` of what was kept; False when it no longer holds, or never was."""
    if not import_file.judged or not holds(cursor, import_file, declared=declared, values=values):
        return False
    columns = ", ".join(f"{name} {kind}" for name, kind in import_file.judged["columns"])
    cursor.execute(f"create temporary table accepted ({columns}) on commit drop")
    cursor.execute(TAKE_UP, {"import": import_file.pk})
    if cursor.rowcount != import_file.counts[Outcome.NEW] + import_file.counts[Outcome.CHANGED]:
        cursor.execute("drop table accepted")
        return False
    cursor.execute("analyze accepted")
    return True


def holds(cursor, import_file: ImportFile, *, declared: Layout, values: dict) -> bool:
    """Whether nothing that the rows were judged by has changed since."""
    kinds = read_by_facts(cursor, declared)
    if kinds is None or import_file.judged["by"] != judged_by(
        cursor, import_file, declared=declared, values=values
    ):
        return False
    cursor.execute(TOUCHED, {"kinds": kinds, "since": import_file.judged["since"]})
    return not cursor.fetchone()[0]


def judged_by(cursor, import_file: ImportFile, *, declared: Layout, values: dict) -> str:
    """The hash of everything but records that decides what becomes of a row."""
    cursor.execute("select system_identifier::text from pg_control_system()")  # whose snapshots compare
    [server] = cursor.fetchone()
    said = [
        server,
        str(timezone.localdate()),
        typed(layout=declared, header=import_file.header),
        statement(declared.facts),
        verdict(declared),
        json.dumps([(check.when, check.message) for check in declared.file_checks]),
        json.dumps(values, default=str, sort_keys=True),
        *(statement(step.statement) for step in declared.steps),
    ]
    return hashlib.sha256("\n".join(said).encode()).hexdigest()


def read_by_facts(cursor, declared: Layout) -> list[str] | None:
    """The kinds of records that the statement reads; None when of one of them no history is kept."""
    cursor.execute(TABLES, {"named": sorted(set(WORDS.findall(statement(declared.facts))))})
    kinds = {model._meta.db_table: model._meta.label_lower for model in apps.get_models()}
    read = [kinds.get(table) for (table,) in cursor.fetchall()]
    return read if all(kind in RECORDED for kind in read) else None


def named_by_steps(cursor, declared: Layout) -> list[tuple[str, str]]:
    """The columns of `facts` that the steps know by name, with their types."""
    named = set()
    for step in declared.steps:
        named.update(WORDS.findall(statement(step.statement)), WORDS.findall(step.rows or ""))
    cursor.execute(COLUMNS, {"named": sorted(named)})
    return cursor.fetchall()


# A view is read by reading the tables behind it.
TABLES = """
    with recursive read as (
        select oid, relname, relkind from pg_class
        where relnamespace = current_schema()::regnamespace and relname = any (%(named)s)
        union
        select behind.oid, behind.relname, behind.relkind
        from read
        join pg_rewrite rule on rule.ev_class = read.oid
        join pg_depend needs
            on needs.classid = 'pg_rewrite'::regclass and needs.objid = rule.oid
            and needs.refclassid = 'pg_class'::regclass
        join pg_class behind on behind.oid = needs.refobjid
    )
    select relname::text from read where relkind = 'r'
"""

COLUMNS = """
    select attname, format_type(atttypid, atttypmod)
    from pg_attribute
    where attrelid = 'pg_temp.facts'::regclass and attnum > 0 and attname = any (%(named)s)
    order by attnum
"""

KEEP = """
    insert into office_importrow
        (import_file_id, number, cells, imprecise, cleaned, protected,
        outcome, problems, notices, changes, fact)
    select
        %(import)s, number, cells, imprecise, cleaned, protected,
        outcome, verdict.problems, verdict.notices, changes,
        case when outcome in ('new', 'changed') then row({fact})::text end
    from staged
    join verdict using (number)
    join facts using (number)
"""

TAKE_UP = """
    insert into accepted
    select (fact).*
    from (
        select fact::pg_temp.accepted as fact
        from office_importrow
        where import_file_id = %(import)s and fact is not null
        offset 0
    ) kept
"""

# What this very transaction wrote before is in no snapshot of its own.
TOUCHED = """
    select exists (
        select from office_history
        where model = any (%(kinds)s)
          and transaction >= pg_snapshot_xmin(%(since)s::pg_snapshot)::text::bigint
          and (
              not pg_visible_in_snapshot(transaction::text::xid8, %(since)s::pg_snapshot)
              or transaction = pg_current_xact_id_if_assigned()::text::bigint
          )
    )
"""
