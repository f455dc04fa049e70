"""Taking an import back: what it entered is removed, what it changed is put back, while nothing rests on it.

What it did is read from the history that the database wrote: the numbers of the records each statement
entered, and old and new value of every column changed. Sealed values are not in the history; a trigger keeps
those that an import writes over, until the import's file is forgotten (`office_overwritten`).
"""

import json
import re
from dataclasses import dataclass

from django.apps import apps
from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import Error, connection, transaction
from django.db.models import Model
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop
from psycopg import sql

from office.acting import acting
from office.collisions import computed_from, run_in_the_way_of
from office.imports import APPLY_LOCK, because, demand
from office.layouts import layout
from office.models import History, ImportFile, ImportState, Origin, Staff
from office.sealing import key_of
from office.staging import Refused

NAMED = 3  # by name, of the records that others rely on
RANGES = re.compile(r"\[(\d+),(\d+)\)")


@dataclass(frozen=True)
class Written:
    """What an import did to records of one kind: the numbers it entered, how many others it changed."""

    model: type[Model]
    entered: str
    changed: int

    @property
    def table(self) -> sql.Identifier:
        return sql.Identifier(self.model._meta.db_table)

    @property
    def rows(self) -> int:
        """How many records it entered."""
        return sum(int(end) - int(start) for start, end in RANGES.findall(self.entered))

    def named(self, import_file: ImportFile) -> dict:
        """The values that the statements below know by name."""
        return {
            "because": because(import_file),
            "model": self.model._meta.label_lower,
            "entered": self.entered,
        }


def confirm_undo(import_file: ImportFile, *, by: Staff, reason: str) -> ImportFile:
    """Say that an import is to be taken back, and why; `undo_confirmed` does it in the background."""
    demand(by, import_file.layout)
    if not reason.strip():
        raise Refused(REASON_MISSING)
    with transaction.atomic():
        import_file = ImportFile.objects.select_for_update().get(pk=import_file.pk)
        may_be_undone(import_file)
        import_file.state, import_file.refusal = ImportState.UNDOING, None
        import_file.undone_by, import_file.undo_reason = by, reason.strip()
        import_file.save()
    return import_file


def undo_confirmed(import_file: ImportFile) -> ImportFile:
    """Take back what its clerk confirmed; when it cannot be, the import stands and says why."""
    if import_file.state != ImportState.UNDOING:
        return import_file
    try:
        return undo(import_file, by=import_file.undone_by, reason=import_file.undo_reason)
    except Refused as refused:
        ImportFile.objects.filter(pk=import_file.pk, state=ImportState.UNDOING).update(
            state=ImportState.APPLIED, undone_by=None, undo_reason="", refusal=refused.as_json()
        )
        return ImportFile.objects.get(pk=import_file.pk)


def undo(import_file: ImportFile, *, by: Staff | None, reason: str, origin: str = Origin.PAGE) -> ImportFile:
    """Take an import back, whole or not at all; raise Refused with what rests on it."""
    demand(by, import_file.layout)
    try:
        with (
            acting(staff=by, origin=origin, because=because(import_file)),
            connection.cursor() as cursor,
        ):
            cursor.execute("select pg_advisory_xact_lock(%s)", [APPLY_LOCK])
            import_file = ImportFile.objects.select_for_update().get(pk=import_file.pk)
            may_be_undone(import_file)
            if take_back := layout(import_file.layout).take_back:
                if runs := runs_computed_from(import_file):
                    raise Refused(RESTS_ON_IT, what="; ".join(runs))
                take_back(import_file.pk, by=by, reason=reason)
            else:
                take_rows_back(cursor, import_file)
            cursor.execute("set constraints all immediate")
            cursor.execute("set constraints all deferred")
            import_file.state, import_file.refusal = ImportState.UNDONE, None
            import_file.undone_by, import_file.undone_at = by, timezone.now()
            import_file.undo_reason = reason
            import_file.save()
            cursor.execute("delete from office_overwritten where because = %s", [because(import_file)])
    except ValidationError as error:
        raise Refused(RESTS_ON_IT, what="; ".join(error.messages)) from error
    except Error as error:
        if ((error.__cause__ and error.__cause__.sqlstate) or "")[:2] not in ("23", "40"):
            raise
        raise Refused(USED_MEANWHILE) from error
    return import_file


def take_rows_back(cursor, import_file: ImportFile) -> None:
    """Put the rows back by their history; raise Refused with what rests on them."""
    did = written(import_file)
    if not did:
        raise Refused(NOTHING_WRITTEN)
    for one in did:
        cursor.execute(sql.SQL(LOCK).format(table=one.table), one.named(import_file))
    if found := what_rests_on(import_file, did):
        raise Refused(RESTS_ON_IT, what="; ".join(found))
    for one in did:
        remove(cursor, import_file, one)
    for one in did:
        put_back(cursor, import_file, one)


def may_be_undone(import_file: ImportFile) -> None:
    if import_file.state not in (ImportState.APPLIED, ImportState.UNDOING):
        raise Refused(NOT_APPLIED)
    if stays := layout(import_file.layout).stays:
        raise Refused(stays)
    if import_file.forgotten_at:
        raise Refused(FORGOTTEN)
    if run := run_in_the_way_of(import_file.layout):
        raise Refused(RUN_UNDER_WAY, run=str(run))


def written(import_file: ImportFile) -> list[Written]:
    """What the import entered and changed, by kind of record."""
    with connection.cursor() as cursor:
        cursor.execute(WRITTEN, {"because": because(import_file)})
        found = cursor.fetchall()
    if any(removed for *_others, removed in found) and not layout(import_file.layout).take_back:
        raise Refused(REMOVED)
    return [Written(apps.get_model(model), entered, changed) for model, entered, changed, _removed in found]


def runs_computed_from(import_file: ImportFile) -> list[str]:
    """In words: runs computed from the records of such files since."""
    return [
        _("%(run)s (%(state)s): cancel or reverse it first") % {"run": run, "state": run.get_state_display()}
        for run in computed_from(import_file.layout, since=import_file.applied_at)
    ]


def what_rests_on(import_file: ImportFile, did: list[Written]) -> list[str]:
    """In words: runs computed from these records since, later changes of them, and what refers to them."""
    with connection.cursor() as cursor:
        later = [line for one in did for line in changed_later(cursor, import_file, one)]
        theirs = [line for one in did for line in referring(cursor, import_file, one)]
    return runs_computed_from(import_file) + later + theirs


def changed_later(cursor, import_file: ImportFile, one: Written) -> list[str]:
    """Changes that others made since to what the import entered or changed."""
    cursor.execute(CHANGED_LATER, one.named(import_file))
    found = cursor.fetchall()
    last = History.objects.select_related("staff").in_bulk([number for _count, number in found])
    return [
        _("%(what)s: %(count)s changed since, last on %(date)s by %(who)s %(business)s")
        % {
            "what": one.model._meta.verbose_name,
            "count": count,
            "date": f"{timezone.localtime(last[number].at):%Y-%m-%d %H:%M}",
            "who": last[number].staff or "–",
            "business": last[number].because.replace("import ", "#"),
        }
        for count, number in found
    ]


def referring(cursor, import_file: ImportFile, one: Written) -> list[str]:
    """Records that point to what the import entered and are not its own."""
    lines = []
    for relation in one.model._meta.get_fields(include_hidden=True):
        if (not relation.one_to_many and not relation.one_to_one) or relation.concrete:
            continue
        other = relation.related_model._meta
        query = sql.SQL(REFERRING).format(
            other=sql.Identifier(other.db_table),
            key=sql.Identifier(other.pk.column),
            column=sql.Identifier(relation.field.column),
            most=sql.Literal(NAMED + 1),
        )
        cursor.execute(query, one.named(import_file) | {"model": other.label_lower})
        count, first = cursor.fetchone()
        if count:
            records = one.model._base_manager.filter(pk__in=first[:NAMED]).order_by("pk")
            lines.append(
                _("%(other)s: %(count)s belong to what it entered (%(what)s: %(named)s)")
                % {
                    "other": other.verbose_name,
                    "count": count,
                    "what": one.model._meta.verbose_name,
                    "named": "、".join(map(str, records)) + "…" * (len(first) > NAMED),
                }
            )
    return lines


def remove(cursor, import_file: ImportFile, one: Written) -> None:
    """Remove what the import entered of one kind."""
    cursor.execute(sql.SQL(REMOVE).format(table=one.table), one.named(import_file))
    if cursor.rowcount != one.rows:
        raise Refused(USED_MEANWHILE)


def put_back(cursor, import_file: ImportFile, one: Written) -> None:
    """Give every record the import changed its old values."""
    if not one.changed:
        return
    cursor.execute(SEALED_CHANGES, one.named(import_file))
    if not all(can_be_opened(kept) for (kept,) in cursor):
        raise Refused(KEY_REPLACED)
    cursor.execute(CHANGED_COLUMNS, one.named(import_file))
    columns = [sql.Identifier(column) for (column,) in cursor]
    query = sql.SQL(PUT_BACK).format(
        table=one.table,
        columns=sql.SQL(", ").join(columns),
        old=sql.SQL(", ").join(sql.SQL("was.{}").format(column) for column in columns),
    )
    cursor.execute(query, one.named(import_file))
    if cursor.rowcount != one.changed:
        raise Refused(USED_MEANWHILE)


def can_be_opened(kept: str | None) -> bool:
    """Whether the values that were written over are there, under keys that there are."""
    sealed = [value for name, value in json.loads(kept or "{}").items() if name.endswith("_sealed") and value]
    keys = {key_of(bytes.fromhex(value.removeprefix("\\x"))) for value in sealed}
    return kept is not None and keys <= set(settings.FIELD_KEYS)


WRITTEN = """
    -- By kind of record: the numbers entered, how many others were changed, how many removed.
    with mine as materialized (select * from office_history where because = %(because)s),
    entered as (select model, range_agg(ids) as ids from mine where operation = 'insert' group by model)
    select
        model, coalesce(ids, '{}')::text,
        count(distinct record) filter (where operation = 'update' and not coalesce(ids, '{}') @> record),
        count(*) filter (where operation = 'delete')
    from (select model, operation, record from mine) act
    left join entered using (model)
    group by model, ids
    order by model
"""

CHANGED_LATER = """
    with mine as materialized (
        select id, ids, record from office_history where because = %(because)s and model = %(model)s
    ),
    later as (
        select change.*
        from mine
        join office_history change
            on change.model = %(model)s and change.record = mine.record and change.id > mine.id
        union
        select change.*
        from mine
        cross join unnest(mine.ids) part
        join office_history change
            on change.model = %(model)s and change.record >= lower(part) and change.record < upper(part)
            and change.id > mine.id
    )
    select count(distinct record), max(id)
    from later
    where because <> %(because)s
      -- What was taken back left nothing.
      and because not in (select 'import ' || id from office_importfile where state = 'undone')
    group by staff_id, because
    order by max(id)
"""

REFERRING = """
    with mine as materialized (
        select range_agg(coalesce(ids, int8multirange(int8range(record, record, '[]')))) as numbers
        from office_history
        where because = %(because)s and model = %(model)s
    )
    select count(*), (array_agg(distinct other.{column}::bigint))[1:{most}]
    from unnest(%(entered)s::int8multirange) part
    join {other} other on other.{column} >= lower(part) and other.{column} < upper(part)
    cross join mine
    where not coalesce(numbers @> other.{key}::bigint, false)
"""

# Whoever changes one of them at this moment is waited for, and then seen.
LOCK = """
    with mine as materialized (
        select range_agg(coalesce(ids, int8multirange(int8range(record, record, '[]')))) as numbers
        from office_history
        where because = %(because)s and model = %(model)s
    ),
    locked as materialized (
        select record.id
        from mine
        cross join unnest(numbers) part
        join {table} record on record.id >= lower(part) and record.id < upper(part)
        order by record.id
        for update of record
    )
    select count(*) from locked
"""

REMOVE = """
    delete from {table} gone
    using unnest(%(entered)s::int8multirange) part
    where gone.id >= lower(part) and gone.id < upper(part)
"""

# Of records on record before, every column's oldest value, and what the history does not hold beside it.
MINE = """
    mine as (
        select id, record, changes
        from office_history
        where because = %(because)s and model = %(model)s and operation = 'update'
          and not %(entered)s::int8multirange @> record
    )
"""

SEALED_CHANGES = f"""
    with {MINE}
    select kept.old
    from (
        select distinct record
        from mine cross join jsonb_object_keys(changes) name
        where right(name, 7) = '_sealed'
    ) changed
    left join office_overwritten kept
        on kept.because = %(because)s and kept.model = %(model)s and kept.record = changed.record
"""

CHANGED_COLUMNS = f"""
    with {MINE}
    select jsonb_object_keys(changes) from mine
    union
    select jsonb_object_keys(old) from office_overwritten where because = %(because)s and model = %(model)s
"""

PUT_BACK = f"""
    with {MINE},
    first as (
        select distinct on (record, name) record, name, value -> 0 as old
        from mine cross join jsonb_each(changes) change (name, value)
        where right(name, 7) <> '_sealed'
        order by record, name, id
    ),
    before as (
        select mine.record, coalesce(plain.old, '{{{{}}}}') || coalesce(kept.old, '{{{{}}}}') as old
        from (select distinct record from mine) mine
        left join (select record, jsonb_object_agg(name, old) as old from first group by record) plain
            using (record)
        left join office_overwritten kept
            on kept.because = %(because)s and kept.model = %(model)s and kept.record = mine.record
    )
    update {{table}} changed
    set ({{columns}}) = (select {{old}} from jsonb_populate_record(changed, before.old) was)
    from before
    where changed.id = before.record
"""

REASON_MISSING = gettext_noop("Say why the import is taken back.")
NOT_APPLIED = gettext_noop("The file is not applied: there is nothing to take back.")
FORGOTTEN = gettext_noop(
    "The file was deleted when its time was over: the import can no longer be taken back."
)
RUN_UNDER_WAY = gettext_noop(
    "%(run)s enters the same records just now: take the import back when it is posted."
)
RESTS_ON_IT = gettext_noop("The import cannot be taken back: %(what)s.")
REMOVED = gettext_noop("The import removed records, which cannot be brought back.")
NOTHING_WRITTEN = gettext_noop(
    "The history holds nothing that the import wrote: there is nothing to take back."
)
KEY_REPLACED = gettext_noop(
    "Protected values that the import wrote over are not kept, or their key has been replaced since: it"
    " cannot be taken back."
)
USED_MEANWHILE = gettext_noop(
    "Somebody changed or used the same records at the same moment: nothing was taken back. Look at it again."
)
