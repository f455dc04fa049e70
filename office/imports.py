"""The life of an import: uploaded, checked against the records, looked at, applied exactly as looked at.

`check` writes nothing but staged rows; `apply` checks again inside its one transaction and refuses when the
outcome of any row differs from what was shown. One import is applied at a time (an advisory lock), so two
clerks' files can neither interleave nor deadlock; checks do not wait for anybody.
"""

import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import timedelta
from pathlib import Path

from django.conf import settings
from django.db import Error, connection, transaction
from django.utils import timezone
from django.utils.translation import gettext_noop

from office.acting import acting
from office.collisions import run_in_the_way_of
from office.import_sql import typed, verdict
from office.layouts import Layout, layout
from office.models import ImportFile, ImportRow, ImportState, Origin, Outcome, Staff
from office.scope import counties_of
from office.staging import Refused, stage
from office.statements import statement
from office.uploads import random_name, store

APPLY_LOCK = 20_001


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
    demand(by, "office.add_importfile")
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
    same = ImportFile.objects.filter(
        layout=layout, sha256=digest.hexdigest(), parameters=parameters, state=ImportState.APPLIED
    )
    return ImportFile.objects.create(
        layout=layout,
        name=Path(name).name[-200:],
        sha256=digest.hexdigest(),
        size=size,
        stored_as=stored_as,
        parameters=parameters,
        state=ImportState.REFUSED if refused else ImportState.UPLOADED,
        refusal=refused and refused.as_json(),
        repeats=None if refused else same.first(),
        origin=origin,
        uploaded_by=by,
    )


def check(import_file: ImportFile) -> ImportFile:
    """Read and judge every row; a second delivery of the same order finds nothing to do."""
    waiting = [ImportState.UPLOADED, ImportState.CHECKING, ImportState.CHECKED]
    with transaction.atomic():
        import_file = ImportFile.objects.select_for_update().get(pk=import_file.pk)
        if import_file.state not in waiting:
            return import_file
        declared = layout(import_file.layout)
        ImportRow.objects.filter(import_file=import_file).delete()
        try:
            with transaction.atomic():
                stage(import_file, layout=declared)
                with connection.cursor() as cursor:
                    judge(cursor, import_file, declared=declared)
                    cursor.execute(KEEP_VERDICT, {"import": import_file.pk})
                    import_file.counts = counted(cursor)
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
    demand(by, "office.change_importfile")
    try:
        because = f"import {import_file.pk}"
        with (
            acting(staff=by, origin=import_file.origin, because=because),
            connection.cursor() as cursor,
        ):
            cursor.execute("select pg_advisory_xact_lock(%s)", [APPLY_LOCK])
            import_file = ImportFile.objects.select_for_update().get(pk=import_file.pk)
            may_be_applied(import_file)
            declared = layout(import_file.layout)
            values = judge(cursor, import_file, declared=declared)
            as_shown(cursor, import_file)
            cursor.execute(ACCEPT)
            carry_out(cursor, declared=declared, values=values)
            drop_working_tables(cursor, "accepted")
            import_file.state = ImportState.APPLIED
            import_file.applied_by, import_file.applied_at = by, timezone.now()
            import_file.refusal = None
            import_file.save()
    except Error as error:
        # Somebody wrote the same records meanwhile, and a constraint or the deadlock detector held.
        if ((error.__cause__ and error.__cause__.sqlstate) or "")[:2] not in ("23", "40"):
            raise
        raise Refused(CHANGED_MEANWHILE) from error
    return import_file


def confirm(import_file: ImportFile, *, by: Staff) -> ImportFile:
    """Say yes to what was shown; `apply_confirmed` carries it out in the background."""
    demand(by, "office.change_importfile")
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
        if import_file.state == ImportState.APPLIED:
            raise already_applied(import_file)
        if import_file.state == ImportState.APPLYING:
            raise Refused(UNDER_WAY)
        import_file.state = ImportState.CANCELLED
        import_file.save()
        ImportRow.objects.filter(import_file=import_file).delete()
    return import_file


def demand(by: Staff | None, permission: str) -> None:
    if by is not None and not (by.is_active and by.has_perm(permission)):
        raise Refused(NOT_ALLOWED, name=by.username)


def forget_old_files() -> None:
    """Remove files and their staged rows after UPLOADS_KEPT_DAYS; what was imported, by whom, stays."""
    before = timezone.now() - timedelta(days=settings.UPLOADS_KEPT_DAYS)
    old = ImportFile.objects.filter(created_at__lt=before, forgotten_at=None)
    old = old.exclude(state=ImportState.APPLYING)
    for number in list(old.values_list("pk", flat=True)):
        with transaction.atomic():
            for import_file in old.select_for_update(skip_locked=True, of=("self",)).filter(pk=number):
                forget(import_file)


def forget(import_file: ImportFile) -> None:
    """Remove one file and its rows; one that was not applied until now is given up."""
    ImportRow.objects.filter(import_file=import_file).delete()
    (Path(settings.MEDIA_ROOT) / import_file.stored_as).unlink(missing_ok=True)
    if import_file.state in (ImportState.UPLOADED, ImportState.CHECKING, ImportState.CHECKED):
        import_file.state = ImportState.CANCELLED
    import_file.forgotten_at = timezone.now()
    import_file.save(update_fields=["state", "forgotten_at"])


def may_be_applied(import_file: ImportFile) -> None:
    applied = import_file if import_file.state == ImportState.APPLIED else import_file.repeats
    if applied is None:
        applied = ImportFile.objects.filter(
            layout=import_file.layout,
            sha256=import_file.sha256,
            parameters=import_file.parameters,
            state=ImportState.APPLIED,
        ).first()
    if applied:
        raise already_applied(applied)
    if import_file.state not in (ImportState.CHECKED, ImportState.APPLYING):
        raise Refused(NOT_CHECKED)
    if import_file.counts["rejected"] == import_file.counts["rows"]:
        raise Refused(NOTHING_TO_APPLY)
    if run := run_in_the_way_of(import_file.layout):
        raise Refused(RUN_UNDER_WAY, run=str(run))


def already_applied(import_file: ImportFile) -> Refused:
    date = f"{timezone.localtime(import_file.applied_at):%Y-%m-%d %H:%M}"
    return Refused(ALREADY_APPLIED, date=date, name=str(import_file.applied_by or "–"))


def judge(cursor, import_file: ImportFile, *, declared: Layout) -> dict:
    """Make `typed`, `facts` and `verdict` for the staged rows; return the values their SQL knows by name."""
    values = {
        "import": import_file.pk,
        "counties": counties_of(import_file.uploaded_by),
        **declared.values(import_file.parameters),
    }
    cursor.execute("set local jit = off")
    cursor.execute("set local work_mem = '128MB'")
    cursor.execute(typed(layout=declared, header=import_file.header), values)
    cursor.execute("analyze typed")
    cursor.execute(statement(declared.facts), values)
    for file_check in declared.file_checks:
        cursor.execute(f"select {file_check.when} from facts", values)
        if cursor.fetchone()[0]:
            raise Refused(file_check.message)
    cursor.execute(verdict(declared), values)
    cursor.execute("analyze verdict")
    return values


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


def drop_working_tables(cursor, *more: str) -> None:
    """They go with the transaction; this lets a second import run in the same one."""
    cursor.execute(f"drop table {', '.join(['typed', 'facts', 'verdict', *more])}")


KEEP_VERDICT = """
    update office_importrow row
    set (outcome, problems, notices, changes)
        = (verdict.outcome, verdict.problems, verdict.notices, verdict.changes)
    from verdict
    where row.import_file_id = %(import)s and row.number = verdict.number
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
