"""Daily heads: one SHA-256 over a day's history and access records, chained to the head of the day before.

Triggers and rights keep the portal and its workers from touching what is written; this is for those whom
nothing keeps: the server's superuser. Each head is also appended to a file, whose copies belong elsewhere.
`problems` recomputes every head and compares it with the table and with such a copy.

What a head covers is said by record numbers, not by time: whatever is visible and not covered yet. A number
given to a transaction that commits after its day was sealed goes into the next head; nothing is left out and
nobody waits.
"""

import fcntl
import hashlib
import os
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from pathlib import Path

from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone
from psycopg import sql
from psycopg.types.multirange import Multirange

from office.history import missing_triggers
from office.models import HistoryHead, Run

HEADS_LOCK = 4205

AT = "to_char(at at time zone 'utc', 'YYYY-MM-DD HH24:MI:SS.US')"
# Every column by name and as text, so that a row reads the same whatever is added or set later.
SEALED = {
    "history": (
        "office_history",
        f"id, {AT}, staff_id, origin, address, because, login, model, operation, record, ids::text,"
        " changes::text",
    ),
    "access": (
        "office_accessrecord",
        f"id, {AT}, staff_id, username, address, act, subject, detail",
    ),
}

# No transaction is under way for a week: below what was sealed by then no number is still to come.
UNCOVERED = """
    with floor as (
        select coalesce(max(upper({column})), 0) as id
        from office_historyhead where at < now() - interval '7 days'
    ),
    covered as (
        select coalesce(range_agg(part), '{{}}') as ids
        from office_historyhead, unnest({column}) part, floor where upper(part) > floor.id
    )
    select coalesce(range_agg(int8range(row.id, row.id, '[]')), '{{}}')
    from {table} row, floor, covered
    where row.id >= floor.id and row.at < %s and not covered.ids @> row.id
"""
NEVER_COVERED = """
    select count(*), min(row.at)::date::text from {table} row
    where row.id < (select max(upper({column})) from office_historyhead where at < now() - interval '7 days')
      and not exists (select from office_historyhead where {column} @> row.id)
"""


def seal(*, until: date | None = None) -> HistoryHead | None:
    """Seal what was written before the day `until` (today) began; None when that is done already."""
    until = until or timezone.localdate()
    day = until - timedelta(days=1)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("select pg_advisory_xact_lock(%s)", [HEADS_LOCK])
        last = HistoryHead.objects.order_by("number").last()
        head = None
        if last is None or last.day < day:
            head = HistoryHead(number=last.number + 1 if last else 1, day=day)
            midnight = timezone.make_aware(datetime.combine(until, datetime.min.time()))
            for column, (table, _columns) in SEALED.items():
                cursor.execute(UNCOVERED.format(column=column, table=table), [midnight])
                setattr(head, column, cursor.fetchone()[0])
            if run := Run.objects.exclude(seal="").order_by("seal_number").last():
                head.run_seal_number, head.run_seal = run.seal_number, run.seal
            head.sha256 = sha256_of(head, previous=last.sha256 if last else "")
            head.save(force_insert=True)
    append_to_file()
    return head


def sha256_of(head: HistoryHead, *, previous: str) -> str:
    """The hash of a head as the records are now."""
    whole = hashlib.sha256()
    said = [previous, head.number, head.day, head.run_seal_number or "", head.run_seal]
    whole.update("\n".join(map(str, said)).encode())
    for column in SEALED:
        numbers = getattr(head, column)
        whole.update(
            f"\n{column} {','.join(f'{part.lower}-{part.upper - 1}' for part in numbers)}\n".encode()
        )
        for block in _rows(column, numbers):
            whole.update(block)
    return whole.hexdigest()


def _rows(column: str, numbers: Multirange) -> Iterator[bytes]:
    """The records of these numbers, in their order, as text."""
    if not numbers:
        return
    table, columns = SEALED[column]
    rows = sql.SQL(
        "copy (select {columns} from {table} where id >= {first} and id < {end}"
        " and {numbers}::int8multirange @> id order by id) to stdout"
    ).format(
        columns=sql.SQL(columns),
        table=sql.Identifier(table),
        first=numbers[0].lower,
        end=numbers[-1].upper,
        numbers=str(numbers),
    )
    with connection.cursor() as cursor, cursor.copy(rows) as copy:
        yield from (bytes(block) for block in copy)


def file_of_heads() -> Path:
    return Path(settings.HISTORY_HEADS_DIR) / f"heads-{settings.CITY}.txt"


def append_to_file() -> None:
    """Write the heads that the file does not hold yet, a line for each; what is there stays as it is."""
    file_of_heads().parent.mkdir(parents=True, exist_ok=True)
    with open(file_of_heads(), "a+", encoding="ascii") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        file.seek(0)
        there = len(file.readlines())
        file.writelines(
            f"{head.number} {head.day} {head.sha256}\n"
            for head in HistoryHead.objects.filter(number__gt=there).order_by("number")
        )
        file.flush()
        os.fsync(file.fileno())


def problems(kept: Path | None = None) -> Iterator[str]:
    """What is wrong with the history, the earliest day first; `kept` is a copy of the file of heads.

    Raises ValueError for a file that holds no heads.
    """
    for trigger in missing_triggers():
        yield f"The trigger {trigger} is not there or switched off: changes go unrecorded."
    known = _read(kept) if kept else {}
    heads = {head.number: head for head in HistoryHead.objects.all()}
    for number in range(1, max([*heads, *known, 0]) + 1):
        head = heads.get(number)
        if head is None:
            yield f"{known.get(number, ('a day',))[0]}: head {number} is missing."
            continue
        before = heads.get(number - 1)
        if found := [*_gone(head), *_untrue(head, previous=before.sha256 if before else "")]:
            yield f"{head.day}: {' '.join(found)}"
        elif number in known and known[number] != (str(head.day), head.sha256):
            yield f"{head.day}: the head is not the one kept in {kept}: records and heads were written anew."
    with connection.cursor() as cursor:
        for column, (table, _columns) in SEALED.items():
            cursor.execute(NEVER_COVERED.format(column=column, table=table))
            rows, day = cursor.fetchone()
            if rows:
                yield f"{day}: {rows} rows of {table} were written past every head."


def _gone(head: HistoryHead) -> Iterator[str]:
    """Records a head covers that are not there, and the seal of a run that is another now."""
    with connection.cursor() as cursor:
        for column, (table, _columns) in SEALED.items():
            numbers = getattr(head, column)
            cursor.execute(f"select count(*) from {table} where %s::int8multirange @> id", [str(numbers)])
            missing = sum(part.upper - part.lower for part in numbers) - cursor.fetchone()[0]
            if missing:
                yield f"{missing} rows of {table} are missing."
    if (
        head.run_seal
        and not Run.objects.filter(seal_number=head.run_seal_number, seal=head.run_seal).exists()
    ):
        yield f"The run with seal {head.run_seal_number} has another seal now."


def _untrue(head: HistoryHead, *, previous: str) -> Iterator[str]:
    if sha256_of(head, previous=previous) != head.sha256:
        yield "The records of the day, or its head, are not what was sealed."


def _read(file: Path) -> dict[int, tuple[str, str]]:
    heads = {}
    for place, line in enumerate(file.read_text(encoding="ascii").splitlines(), 1):
        number, _space, said = line.partition(" ")
        if number != str(place) or len(said.split()) != 2:
            raise ValueError(f"Line {place} of {file} is not the head of day {place}.")
        heads[place] = tuple(said.split())
    if not heads:
        raise ValueError(f"{file} holds no heads.")
    return heads
