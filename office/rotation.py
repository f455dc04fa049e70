"""Resealing under the current key, by batches that each commit, beside everything else that goes on.

A batch holds the lock under which imports are applied: an import carries sealed values from one statement to
the next, and would bring back those under the old key.
"""

from collections.abc import Iterator
from itertools import chain

from django.apps import apps
from django.conf import settings
from django.db import connection, transaction

from office import imports, uploads
from office.models import ImportFile, ImportState
from office.sealing import bound, current_key, key_of, seal, unseal


def reseal(column: str, *, row: str, batch: int) -> Iterator[int]:
    """Reseal a `table.column`, whose rows are bound to the column `row`; yields the rows of each batch.

    Raises Tampered, naming the row, when a value does not open; batches before it stay.
    """
    table, name = column.split(".")
    last = 0
    while True:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("select pg_advisory_xact_lock(%s)", [imports.APPLY_LOCK])
            cursor.execute(
                f"select id, {row}, {name} from {table} where id > %s and {OLDER.format(name=name)}"
                " order by id limit %s for no key update",
                [last, head(), batch],
            )
            found = cursor.fetchall()
            if not found:
                return
            last = found[-1][0]
            again = [
                (pk, seal(unseal(sealed, binding=bound(column, of)), binding=bound(column, of)))
                for pk, of, sealed in found
            ]
            cursor.execute(
                f"update {table} set {name} = again.sealed"
                " from unnest(%s::bigint[], %s::bytea[]) as again(id, sealed)"
                f" where {table}.id = again.id",
                [[pk for pk, _sealed in again], [sealed for _pk, sealed in again]],
            )
        yield len(found)


def left_behind(column: str) -> int:
    """Rows that are not under the current key."""
    table, name = column.split(".")
    with connection.cursor() as cursor:
        cursor.execute(f"select count(*) from {table} where {OLDER.format(name=name)}", [head()])
        return cursor.fetchone()[0]


def reseal_uploads() -> int:
    """Reseal stored files; returns how many."""
    resealed = 0
    models = map(apps.get_model, settings.STORED_FILES)
    kept = (model.objects.values_list("stored_as", flat=True) for model in models)
    for name in chain.from_iterable(kept):
        if uploads.path_of(name).exists() and key_of(uploads.beginning_of(name)) != current_key():
            uploads.reseal(name)
            resealed += 1
    return resealed


def check_waiting_imports() -> int:
    """Stage files that wait for their clerk's word again: their rows are sealed as they were staged."""
    waiting = list(ImportFile.objects.filter(state=ImportState.CHECKED))
    for import_file in waiting:
        imports.check(import_file)
    return len(waiting)


def head() -> bytes:
    """How values under the current key begin."""
    key_id = current_key().encode()
    return bytes([len(key_id)]) + key_id


OLDER = "{name} is not null and not starts_with(encode({name}, 'hex'), encode(%s, 'hex'))"
