"""The life of an import: uploaded, checked against the records, looked at, applied exactly as looked at.

`check` writes nothing but staged rows. `apply` takes up what was found of them when nothing it rests on
has changed since (`office/judged.py`); otherwise it judges every row again inside its one transaction, and
refuses when any would come out differently from what was shown. One import is applied at a time (an advisory
lock), so two clerks' files can neither interleave nor deadlock; checks do not wait for anybody.
"""

import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import timedelta
from pathlib import Path

from django.conf import settings
from django.db import Error, connection, transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext_noop

from office.acting import acting
from office.collisions import run_in_the_way_of
from office.import_sql import content_digest, typed, verdict
from office.judged import keep, snapshot, take_up
from office.layouts import Layout, layout
from office.models import ImportFile, ImportRow, ImportState, Origin, Outcome, Overwritten, Staff
from office.scope import counties_of
from office.staging import Refused, stage
from office.statements import statement
from office.uploads import random_name, store

APPLY_LOCK = 20_001
WAITING = (ImportState.UPLOADED, ImportState.CHECKING, ImportState.CHECKED)
WRITING = (ImportState.APPLYING, ImportState.UNDOING)
IN_THE_RECORDS = (ImportState.APPLIED, ImportState.UNDOING)


def upload(
    *,
    layout: str,
    name: str,
    content: Iterable[bytes],
    by: Staff | None,
    origin: Origin,
    parameters: dict | None = None,
) -> ImportFile:
    """Keep the file sealed under a random name; refused at once when it is too large.

    Raises Refused when `by` may not import; None is the system's own operator.
    """
    demand(by, layout)
    digest, size, refused = hashlib.sha256(), 0, None

    def measured() -> Iterator[bytes]:
        nonlocal size
        for block in content:
            size += len(block)
            if size > settings.IMPORT_MAX_BYTES:
                raise Refused(TOO_LARGE, limit=settings.IMPORT_MAX_BYTES // 1024**2)
            digest.update(block)
            yield block

    try:
        stored_as = store(measured())
    except Refused as too_large:
        stored_as, refused = random_name(), too_large
    parameters = parameters or {}
    import_file = ImportFile(
        layout=layout,
        name=Path(name).name[-200:],
        sha256=digest.hexdigest(),
        size=size,
        stored_as=stored_as,
        parameters=parameters,
        state=ImportState.REFUSED if refused else ImportState.UPLOADED,
        refusal=refused and refused.as_json(),
        origin=origin,
        uploaded_by=by,
    )
    if not refused:
        import_file.repeats = with_same_content(import_file).first()
    import_file.save()
    return import_file


def check(import_file: ImportFile) -> ImportFile:
    """Read and judge every row; a second delivery of the same order finds nothing to do."""
    with transaction.atomic():
        import_file = ImportFile.objects.select_for_update().get(pk=import_file.pk)
        if import_file.state not in WAITING:
            return import_file
        declared = layout(import_file.layout)
        ImportRow.objects.filter(import_file=import_file).delete()
        try:
            with transaction.atomic(), connection.cursor() as cursor:
                cursor.execute(FOR_MANY_ROWS)
                cursor.execute(STAGED)
                stage(import_file, layout=declared)
                since = snapshot(cursor)
                values = values_of(import_file, declared=declared)
                judge(cursor, import_file, declared=declared, values=values)
                import_file.counts = counted(cursor)
                cursor.execute(content_digest(declared))
                import_file.content_digest = cursor.fetchone()[0]
                import_file.repeats = import_file.repeats or with_same_rows(import_file)
                keep(cursor, import_file, declared=declared, values=values, since=since)
                drop_working_tables(cursor)
        except Refused as refused:
            import_file.state, import_file.refusal = ImportState.REFUSED, refused.as_json()
        else:
            import_file.state, import_file.refusal = ImportState.CHECKED, None
        import_file.checked_at = timezone.now()
        import_file.save()
    return import_file


def apply(import_file: ImportFile, *, by: Staff | None) -> ImportFile:
    """Carry the import out as it was shown, whole or not at all; raise Refused with the reason."""
    demand(by, import_file.layout)
    try:
        with (
            acting(staff=by, origin=import_file.origin, because=because(import_file)),
            connection.cursor() as cursor,
        ):
            cursor.execute("select pg_advisory_xact_lock(%s)", [APPLY_LOCK])
            cursor.execute(FOR_MANY_ROWS)
            import_file = ImportFile.objects.select_for_update().get(pk=import_file.pk)
            may_be_applied(import_file)
            declared = layout(import_file.layout)
            values = values_of(import_file, declared=declared)
            if not take_up(cursor, import_file, declared=declared, values=values):
                cursor.execute(STAGED)
                cursor.execute(STAGE_AGAIN, {"import": import_file.pk})
                judge(cursor, import_file, declared=declared, values=values)
                as_shown(cursor, import_file)
                cursor.execute(ACCEPT)
                drop_working_tables(cursor)
            carry_out(cursor, declared=declared, values=values)
            cursor.execute("drop table accepted")
            import_file.state = ImportState.APPLIED
            import_file.applied_by, import_file.applied_at = by, timezone.now()
            import_file.refusal = None
            import_file.save()
            if declared.afterwards:
                declared.afterwards(import_file.pk)
    except Error as error:
        # Somebody wrote the same records meanwhile, and a constraint or the deadlock detector held.
        if ((error.__cause__ and error.__cause__.sqlstate) or "")[:2] not in ("23", "40"):
            raise
        raise Refused(CHANGED_MEANWHILE) from error
    return import_file


def confirm(import_file: ImportFile, *, by: Staff) -> ImportFile:
    """Say yes to what was shown; `apply_confirmed` carries it out in the background."""
    demand(by, import_file.layout)
    with transaction.atomic():
        import_file = ImportFile.objects.select_for_update().get(pk=import_file.pk)
        may_be_applied(import_file)
        import_file.state, import_file.applied_by, import_file.refusal = ImportState.APPLYING, by, None
        import_file.save()
    return import_file


def apply_confirmed(import_file: ImportFile) -> ImportFile:
    """Apply what its clerk confirmed; when it cannot be, check it anew and say why it was not."""
    if import_file.state != ImportState.APPLYING:
        return import_file
    try:
        return apply(import_file, by=import_file.applied_by)
    except Refused as refused:
        back = ImportFile.objects.filter(pk=import_file.pk, state=ImportState.APPLYING)
        if not back.update(state=ImportState.CHECKED, applied_by=None):
            return ImportFile.objects.get(pk=import_file.pk)
        import_file = check(import_file)
        import_file.refusal = import_file.refusal or refused.as_json()
        import_file.save(update_fields=["refusal"])
        return import_file


def cancel(import_file: ImportFile) -> ImportFile:
    with transaction.atomic():
        import_file = ImportFile.objects.select_for_update().get(pk=import_file.pk)
        if import_file.state in IN_THE_RECORDS:
            raise already_applied(import_file)
        if import_file.state not in WAITING:
            raise Refused(UNDER_WAY if import_file.state == ImportState.APPLYING else NOT_CHECKED)
        import_file.state = ImportState.CANCELLED
        import_file.save()
        ImportRow.objects.filter(import_file=import_file).delete()
    return import_file


def importable(staff: Staff) -> list[str]:
    """The layouts whose files somebody may bring in and apply."""
    if not staff.is_active:
        return []
    named = {name: layout(name).permission or "office.add_importfile" for name in settings.IMPORT_LAYOUTS}
    return [name for name, permission in named.items() if staff.has_perm(permission)]


def demand(by: Staff | None, name: str) -> None:
    if by is not None and name not in importable(by):
        raise Refused(NOT_ALLOWED, name=by.username)


def forget_old_files() -> None:
    """Remove files and their staged rows after UPLOADS_KEPT_DAYS; what was imported, by whom, stays."""
    before = timezone.now() - timedelta(days=settings.UPLOADS_KEPT_DAYS)
    old = ImportFile.objects.filter(created_at__lt=before, forgotten_at=None)
    old = old.exclude(state__in=WRITING)
    for number in list(old.values_list("pk", flat=True)):
        with transaction.atomic():
            for import_file in old.select_for_update(skip_locked=True, of=("self",)).filter(pk=number):
                forget(import_file)


def forget(import_file: ImportFile) -> None:
    """Remove one file and its rows; one that was not applied until now is given up."""
    ImportRow.objects.filter(import_file=import_file).delete()
    Overwritten.objects.filter(because=because(import_file)).delete()
    (Path(settings.MEDIA_ROOT) / import_file.stored_as).unlink(missing_ok=True)
    if import_file.state in WAITING:
        import_file.state = ImportState.CANCELLED
    import_file.forgotten_at = timezone.now()
    import_file.save(update_fields=["state", "forgotten_at"])


def may_be_applied(import_file: ImportFile) -> None:
    if applied := with_same_content(import_file).first():
        raise already_applied(applied)
    if import_file.state not in (ImportState.CHECKED, ImportState.APPLYING):
        raise Refused(NOT_CHECKED)
    if import_file.counts["rejected"] == import_file.counts["rows"]:
        raise Refused(NOTHING_TO_APPLY)
    if run := run_in_the_way_of(import_file.layout):
        raise Refused(RUN_UNDER_WAY, run=str(run))


def with_same_content(import_file: ImportFile) -> QuerySet[ImportFile]:
    """The import whose rows are in the records, of the same bytes: perhaps this very one."""
    return ImportFile.objects.filter(
        layout=import_file.layout,
        sha256=import_file.sha256,
        parameters=import_file.parameters,
        state__in=IN_THE_RECORDS,
    )


def with_same_rows(import_file: ImportFile) -> ImportFile | None:
    """An import in the records that held the same rows; of somebody's own where others' are out of sight."""
    same = ImportFile.objects.filter(
        layout=import_file.layout,
        content_digest=import_file.content_digest,
        parameters=import_file.parameters,
        state__in=IN_THE_RECORDS,
    ).exclude(pk=import_file.pk)
    by = import_file.uploaded_by
    return (same if by is None or by.sees_whole_city else same.filter(uploaded_by=by)).last()


def because(import_file: ImportFile) -> str:
    """How the history says that a change belongs to an import."""
    return f"import {import_file.pk}"


def already_applied(import_file: ImportFile) -> Refused:
    date = f"{timezone.localtime(import_file.applied_at):%Y-%m-%d %H:%M}"
    return Refused(ALREADY_APPLIED, date=date, name=str(import_file.applied_by or "–"))


def values_of(import_file: ImportFile, *, declared: Layout) -> dict:
    """The values that the SQL of the layout knows by name."""
    return {
        "import": import_file.pk,
        "counties": counties_of(import_file.uploaded_by),
        **declared.values(import_file.parameters),
    }


def judge(cursor, import_file: ImportFile, *, declared: Layout, values: dict) -> None:
    """Make `typed`, `facts` and `verdict` for the rows that are `staged`."""
    cursor.execute(typed(layout=declared, header=import_file.header), values)
    cursor.execute("analyze typed")
    cursor.execute(statement(declared.facts), values)
    for file_check in declared.file_checks:
        cursor.execute(f"select {file_check.when} from facts", values)
        if cursor.fetchone()[0]:
            raise Refused(file_check.message)
    cursor.execute(verdict(declared), values)
    cursor.execute("analyze verdict (number, outcome)")


def as_shown(cursor, import_file: ImportFile) -> None:
    cursor.execute(DIFFERENCES, {"import": import_file.pk})
    staged, rows, first = cursor.fetchone()
    if staged != import_file.counts["rows"]:
        raise Refused(ROWS_GONE)
    if rows:
        raise Refused(CHANGED_SINCE, rows=rows, first=first)


def carry_out(cursor, *, declared: Layout, values: dict) -> None:
    for step in declared.steps:
        cursor.execute(statement(step.statement), values)
        written = cursor.rowcount
        if step.rows:
            cursor.execute(f"select count(*) from accepted where {step.rows}", values)
            if cursor.fetchone()[0] != written:
                raise Refused(CHANGED_MEANWHILE)


def counted(cursor) -> dict:
    """Rows by outcome, altogether and by county."""
    cursor.execute("select county, outcome, count(*) from verdict group by county, outcome order by county")
    total, counties = Counter(dict.fromkeys(Outcome.values, 0)), {}
    for county, outcome, rows in cursor.fetchall():
        total[outcome] += rows
        if county:
            counties.setdefault(county, {})[outcome] = rows
    cursor.execute("select count(*) from verdict where notices <> '{}'")
    return {"rows": total.total(), **total, "noticed": cursor.fetchone()[0], "by_county": counties}


def drop_working_tables(cursor) -> None:
    """They go with the transaction; this lets a second import run in the same one."""
    cursor.execute("drop table staged, typed, facts, verdict")


FOR_MANY_ROWS = """
    select set_config('jit', 'off', true), set_config('work_mem', '128MB', true),
        set_config('default_statistics_target', '10', true)
"""

STAGED = """
    create temporary table staged
        (number integer, cells text[], imprecise smallint[], cleaned smallint[], protected text[])
    on commit drop
"""

STAGE_AGAIN = """
    insert into staged
    select number, cells, imprecise, cleaned, protected
    from office_importrow
    where import_file_id = %(import)s
"""

DIFFERENCES = """
    select count(*), count(*) filter (where differs), min(number) filter (where differs)
    from verdict
    join office_importrow shown using (number)
    cross join lateral (
        select (shown.outcome, shown.problems, shown.changes)
            is distinct from (verdict.outcome, verdict.problems, verdict.changes) as differs
    ) compared
    where shown.import_file_id = %(import)s
"""

ACCEPT = """
    create temporary table accepted on commit drop as
    select facts.* from facts join verdict using (number) where outcome in ('new', 'changed')
"""

NOT_ALLOWED = gettext_noop("%(name)s may not import files.")
TOO_LARGE = gettext_noop("The file is larger than %(limit)s MB.")
ALREADY_APPLIED = gettext_noop("This file was applied on %(date)s by %(name)s; nothing is done twice.")
ROWS_GONE = gettext_noop("The rows of this file are no longer kept ready. Check it again.")
UNDER_WAY = gettext_noop("The file is being applied just now.")
NOT_CHECKED = gettext_noop("The file has not been checked, or was cancelled or refused.")
RUN_UNDER_WAY = gettext_noop("%(run)s enters the same records just now: apply the file when it is posted.")
NOTHING_TO_APPLY = gettext_noop("Every row was rejected: there is nothing to apply.")
CHANGED_SINCE = gettext_noop(
    "The records have changed since the preview: %(rows)s rows would now come out differently, the first is"
    " row %(first)s. Check the file again; nothing was applied."
)
CHANGED_MEANWHILE = gettext_noop(
    "Somebody changed the same records at the same moment. Check the file again; nothing was applied."
)
