"""Changing a person's record as one step that can be told and undone.

`recording` notes the rows before and after whatever is done inside it; `undo` puts exactly these rows back,
as long as they are still as the change left them. Rows are kept as PostgreSQL writes them, so that set-based
statements (`sql/endings_record.sql`) and this module speak of them alike.
"""

import contextlib
import json
from collections.abc import Iterable, Iterator

from django.apps import apps
from django.core.exceptions import ValidationError
from django.db import IntegrityError, ProgrammingError, connection, models, transaction
from django.utils.translation import gettext as _
from psycopg.types.json import Jsonb

from insured.models import Enrolment, ExactNumbers, Person, PersonChange, PersonChangeKind, Selection
from office.models import Staff
from policies.month import Month

# Table, and the columns that say whose a row is.
Tables = dict[str, list[str]]
Rows = dict[str, dict[str, dict]]

INSURANCE: Tables = {model._meta.db_table: ["person_id"] for model in (Enrolment, Selection)}
# Of the person's own row, what such steps may change; the county follows the spells by itself.
OWN = ("died_on", "merged_into_id")
PERSON = Person._meta.db_table


@contextlib.contextmanager
def recording(
    person: Person,
    *others: Person,
    kind: PersonChangeKind,
    reason: str,
    by: Staff | None,
    first_month: Month | None = None,
    tables: Tables = INSURANCE,
    **told,
) -> Iterator[None]:
    """One transaction that holds the people's records still; raises ValidationError, nothing half-done.

    What is demanded of the record is asked inside, where nobody else changes it any more.
    """
    if not reason.strip():
        raise ValidationError({"reason": _("Give a reason.")})
    numbers = [person.pk, *(other.pk for other in others)]
    with said_plainly(), transaction.atomic():
        for held in Person.objects.select_for_update().filter(pk__in=numbers).order_by("pk"):
            if held.merged_into_id and kind != PersonChangeKind.UNDONE:
                raise ValidationError(_("%(person)s is merged into another record.") % {"person": held})
        person.refresh_from_db()
        before = rows_of(numbers, tables)
        yield
        after = rows_of(numbers, tables)
        before, after = _different(before, after), _different(after, before)
        if not any(before.values()) and not any(after.values()):
            raise ValidationError(_("Nothing would change."))
        PersonChange.objects.create(
            person=person,
            kind=kind,
            reason=reason.strip(),
            by=by,
            first_month=first_month,
            before=before,
            after=after,
            **told,
        )


def undo(change: PersonChange, *, by: Staff | None, reason: str) -> None:
    """Put back what the change replaced; raises ValidationError when something has come after it."""
    later = PersonChange.objects.filter(person=change.person_id, pk__gt=change.pk, undone=None)
    later = later.exclude(kind=PersonChangeKind.UNDONE).order_by("pk").first()
    if change.kind == PersonChangeKind.UNDONE or hasattr(change, "undone"):
        raise ValidationError(_("This is undone already."))
    if later is not None:
        raise ValidationError(_("Undo this first: %(change)s.") % {"change": later})
    tables = {table: columns_of(table) for table in {*change.before, *change.after} - {PERSON}}
    others = [int(number) for number in change.before.get(PERSON, {}) if int(number) != change.person_id]
    with recording(
        change.person,
        *Person.objects.filter(pk__in=others),
        kind=PersonChangeKind.UNDONE,
        reason=reason,
        by=by,
        first_month=change.first_month,
        tables=tables,
        undoes=change,
    ):
        restore(before=change.before, after=change.after)


def restore(*, before: Rows, after: Rows) -> None:
    """Turn the rows `after` back into those `before`; raises ValidationError when they have changed since."""
    for table in sorted({*before, *after}):
        was, became = before.get(table, {}), after.get(table, {})
        if _current(table, {*was, *became}) != became:
            raise ValidationError(_("This was changed again since: what came later would be lost."))
    for table in sorted({*before, *after}):
        was, became = before.get(table, {}), after.get(table, {})
        if added := [int(number) for number in became.keys() - was]:
            _execute(f"delete from {table} where id = any(%s)", added)
        if changed := [was[number] for number in was.keys() & became]:
            columns = [column for column in changed[0] if column != "id"]
            _execute(
                f"update {table} set ({', '.join(columns)}) = row(entered.{', entered.'.join(columns)})"
                f" from jsonb_populate_recordset(null::{table}, %s) entered where {table}.id = entered.id",
                Jsonb(changed),
            )
        if removed := [was[number] for number in was.keys() - became]:
            _execute(
                f"insert into {table} select * from jsonb_populate_recordset(null::{table}, %s)",
                Jsonb(removed),
            )


def rows_of(people: list[int], tables: Tables) -> Rows:
    """All rows of the people in the tables, and what of their own is changed in such steps."""
    found = {
        table: _fetched(table, " or ".join(f"{column} = any(%(keys)s)" for column in columns), people)
        for table, columns in tables.items()
    }
    return found | {PERSON: _fetched(PERSON, "id = any(%(keys)s)", people)}


def columns_of(table: str) -> list[str]:
    """The columns of a table that name a person."""
    return [field.column for field in fields_naming_people() if field.model._meta.db_table == table]


def fields_naming_people() -> list[models.ForeignKey]:
    """Every foreign key to a person, of whatever room."""
    relations = Person._meta.get_fields(include_hidden=True)
    return [relation.field for relation in relations if isinstance(relation, models.ManyToOneRel)]


def _current(table: str, numbers: Iterable[str]) -> dict[str, dict]:
    return _fetched(table, "id = any(%(keys)s)", [int(number) for number in numbers])


def _fetched(table: str, condition: str, keys: list[int]) -> dict[str, dict]:
    row = "to_jsonb(line) - %(sealed)s::text[]"
    if table == PERSON:
        own = ", ".join(f"'{column}', {column}" for column in OWN)
        row = f"jsonb_build_object('id', id, {own})"
    with connection.cursor() as cursor:
        cursor.execute(
            f"select id, {row} from {table} line where {condition}", {"keys": keys, "sealed": _sealed(table)}
        )
        return {str(number): json.loads(found, cls=ExactNumbers) for number, found in cursor.fetchall()}


def _execute(query: str, parameter) -> None:
    with connection.cursor() as cursor:
        cursor.execute(query, [parameter])


def _sealed(table: str) -> list[str]:
    """Columns that are kept nowhere else: sealed values and their indexes, which no such step changes."""
    model = next(model for model in apps.get_models() if model._meta.db_table == table)
    return [field.column for field in model._meta.concrete_fields if isinstance(field, models.BinaryField)]


def _different(rows: Rows, others: Rows) -> Rows:
    """The rows that are not the same among the others; tables without any are left out."""
    found = {
        table: {number: row for number, row in own.items() if others.get(table, {}).get(number) != row}
        for table, own in rows.items()
    }
    return {table: own for table, own in found.items() if own}


@contextlib.contextmanager
def said_plainly() -> Iterator[None]:
    """What the database holds against a change, in the words of whoever asked for it."""
    try:
        yield
    except IntegrityError as error:
        raise ValidationError(
            _("This contradicts what is on record, or was entered at the same moment. Look again and repeat.")
        ) from error
    except ProgrammingError as error:
        if getattr(error.__cause__, "sqlstate", "") != "42501":
            raise
        raise ValidationError(
            _("Some of these months belong to a county you do not work for: leave it to the city.")
        ) from error
