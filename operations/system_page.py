"""The system page: how every part is, the backups there are, and what takes up room."""

import platform
from datetime import datetime

import django
from django.apps import apps
from django.conf import settings
from django.template.defaultfilters import filesizeformat
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from office.acting import acting
from office.admin.pages import page
from office.admin.panels import Panel
from office.models import Origin
from office.statements import fetch
from office.tasks import waiting_for_a_worker
from office.templatetags.figures import whole
from operations.health import Part, Status, examine, free_bytes, queued, serves
from operations.models import Backup, Heartbeat

SHOWN = 14

PARTS = {
    "database": gettext_lazy("Database"),
    "migrations": gettext_lazy("Tables"),
    "broker": gettext_lazy("Task queue"),
    "worker": gettext_lazy("Background work"),
    "beat": gettext_lazy("Schedule"),
    "disk": gettext_lazy("Disk space"),
    "backup": gettext_lazy("Backup"),
}
MEANING = {
    "database": gettext_lazy("Without it nothing can be opened."),
    "migrations": gettext_lazy("The tables are those of this version of the portal."),
    "broker": gettext_lazy("Carries work to the background; without it nothing can be started."),
    "worker": gettext_lazy("Checks imports, computes and posts runs; must be heard of every minute."),
    "beat": gettext_lazy("Asks for work that recurs; must be heard of every minute."),
    "disk": gettext_lazy("Room for uploads and backups."),
    "backup": gettext_lazy("One is taken every night."),
}
COLOURS = {Status.OK: "posted", Status.LATE: "computed", Status.UNKNOWN: "none"}


def system_page(request):
    """Shown to system administrators; `/health/` tells monitors the same in single words."""
    parts = examine()
    with acting(staff=request.user, origin=Origin.PAGE):  # sizes and counts of the whole city
        panels = [_backups(), _workers(), _tables()]
    well = all(part.status == Status.OK for part in parts.values())
    return page(
        request,
        "operations/system.html",
        {
            "title": _("State of the system"),
            "well": well,
            "serves": serves(parts),
            "parts": _parts(parts),
            "backups": panels[0],
            "panels": [panels[1], _disk(), _versions(parts), panels[2]],
        },
    )


def _parts(parts: dict[str, Part]) -> Panel:
    return Panel(
        title=_("Parts of the portal"),
        columns={_("Part"): "text", _("State"): "text", _("Last heard of"): "text", _("Meaning"): "text"},
        rows=[
            (
                label,
                _badge(COLOURS.get(parts[name].status, "failed"), parts[name].status.label),
                parts[name].at,
                MEANING[name],
            )
            for name, label in PARTS.items()
        ],
    )


def _backups() -> Panel:
    taken = Backup.objects.order_by("-finished_at")[:SHOWN]
    return Panel(
        title=_("Backups"),
        columns={
            _("Finished at"): "text",
            _("Result"): "text",
            _("Took"): "text",
            _("Size"): "text",
            _("Rows of data"): "integer",
            _("Uploads"): "integer",
            _("Encrypted"): "text",
            _("Name"): "text",
        },
        rows=[
            (
                backup.finished_at,
                _badge("failed", _("Failed")) if backup.error else _badge("posted", _("Taken")),
                _took(backup.started_at, backup.finished_at),
                *(
                    (None, None, None, None, backup.error)
                    if backup.error
                    else (
                        filesizeformat(backup.size),
                        backup.rows,
                        backup.files,
                        _("yes") if backup.encrypted else _("no"),
                        _name(backup.name),
                    )
                ),
            )
            for backup in taken
        ],
        note=_("How to have the city again from one: docs/operations.md."),
    )


def _workers() -> Panel:
    return Panel(
        title=_("Background work"),
        columns={_("Worker"): "text", _("Last heard of"): "text"},
        rows=[(_name(worker.worker), worker.at) for worker in Heartbeat.objects.order_by("-at")],
        figures=[
            (_("Tasks waiting"), whole(queued())),
            (_("Runs waiting"), whole(waiting_for_a_worker().count())),
        ],
    )


def _disk() -> Panel:
    return Panel(
        title=_("Disk space"),
        columns={_("Folder"): "text", _("Free"): "text"},
        rows=[(_name(folder), filesizeformat(free)) for folder, free in free_bytes()],
        figures=[(_("At least"), filesizeformat(settings.DISK_FREE_MIN))],
    )


def _versions(parts: dict[str, Part]) -> Panel:
    versions = {
        _("This portal"): f"Gongji {settings.VERSION}",
        "Django": django.get_version(),
        "Python": platform.python_version(),
        _("Database"): parts["database"].detail,
        _("Task queue"): parts["broker"].detail,
    }
    return Panel(
        title=_("Versions"),
        columns={_("Part"): "text", _("Version"): "text"},
        rows=[(_name(name), _name(version)) for name, version in versions.items()],
    )


def _tables() -> Panel:
    names = {model._meta.db_table: model._meta.verbose_name_plural for model in apps.get_models()}
    return Panel(
        title=_("Largest tables"),
        columns={_("Table"): "text", _("Rows, estimated"): "integer", _("Size"): "text"},
        rows=[
            (names.get(table) or _name(table), rows, filesizeformat(size))
            for table, size, rows in fetch("operations/largest_tables", count=10)
        ],
    )


def _took(started: datetime, finished: datetime) -> str:
    seconds = round((finished - started).total_seconds())
    return f"{seconds // 3600}:{seconds // 60 % 60:02}:{seconds % 60:02}"


def _badge(colour: str, label: str) -> str:
    return format_html('<span class="state state-{}">{}</span>', colour, label)


def _name(text: str) -> str:
    """The name of a machine's thing, the same in every language."""
    return format_html("<code>{}</code>", text)
