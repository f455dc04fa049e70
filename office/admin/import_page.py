"""What the page of an import shows: its counts, and the rows a clerk should look at, some at a time."""

from django.utils.translation import gettext as _

from office.admin.panels import Panel
from office.layouts import layout
from office.models import County, ImportFile, ImportState, Outcome
from office.returned import RowView, noticed_rows, rows
from office.staging import Refused
from office.undoing import may_be_undone, what_rests_on, written

ROWS_SHOWN = 50
NOTICED = "noticed"
# Columns that tell a clerk which row it is, without identity numbers.
WHO = ("姓名", "人员编号", "机构代码", "机构名称", "单位名称")


def import_page(import_file: ImportFile, query) -> dict:
    """The page's context; `query` says which rows are looked at."""
    counts = import_file.counts
    looked_over = import_file.state in (ImportState.CHECKED, ImportState.APPLIED, ImportState.UNDONE)
    kept = bool(counts) and looked_over and not import_file.forgotten_at
    tabs = _tabs(counts) if kept else []
    chosen = query.get("rows")
    chosen = chosen if chosen in [tab["key"] for tab in tabs] else (tabs[0]["key"] if tabs else None)
    return {
        "import_file": import_file,
        "holds": _(layout(import_file.layout).label),
        "leads_to": layout(import_file.layout).leads_to(import_file.pk) if import_file.applied_at else [],
        "counts": counts,
        "kept": kept,
        "can_apply": import_file.state == ImportState.CHECKED and counts["rejected"] < counts["rows"],
        "by_county": by_county(counts),
        "tabs": tabs,
        "chosen": chosen,
        "looked_at": looked_at(import_file, chosen, _after(query.get("after"))) if chosen else None,
    }


def undo_page(import_file: ImportFile) -> dict:
    """What taking the import back would do, or what stands against it."""
    did, found, refusal = [], [], ""
    try:
        may_be_undone(import_file)
        did = written(import_file)
        found = what_rests_on(import_file, did)
    except Refused as refused:
        refusal = str(refused)
    return {
        "import_file": import_file,
        "original": import_file,
        "title": _("Take back %(name)s") % {"name": import_file},
        "holds": _(layout(import_file.layout).label),
        "refusal": refusal,
        "leads_to": layout(import_file.layout).leads_to(import_file.pk),
        "rests_on": found,
        "may_be_undone": bool(did) and not found,
        "did": Panel(
            title=_("What would be taken back"),
            columns={
                _("Records"): "text",
                _("Entered: removed"): "integer",
                _("Changed: put back"): "integer",
            },
            rows=[(one.model._meta.verbose_name, one.rows, one.changed) for one in did],
        ),
    }


def _tabs(counts: dict) -> list[dict]:
    labels = [
        (Outcome.REJECTED, _("Rejected rows")),
        (Outcome.CHANGED, _("Changed rows")),
        (NOTICED, _("Rows with notices")),
    ]
    return [
        {"key": str(key), "label": label, "count": counts[key]} for key, label in labels if counts.get(key)
    ]


def by_county(counts: dict) -> Panel | None:
    """The counts by county, where the layout tells counties."""
    if not counts.get("by_county"):
        return None
    names = dict(County.objects.values_list("code", "name"))
    return Panel(
        title=_("By county"),
        columns={_("County"): "text", **{outcome.label: "integer" for outcome in Outcome}},
        rows=[
            (names.get(code, code), *(found.get(outcome, 0) for outcome in Outcome.values))
            for code, found in sorted(counts["by_county"].items())
        ],
    )


def looked_at(import_file: ImportFile, chosen: str, after: int) -> dict:
    """A page of the rejected, changed or noticed rows, and where the next one begins."""
    if chosen == NOTICED:
        found = noticed_rows(import_file, after=after, limit=ROWS_SHOWN)
    else:
        found = rows(import_file, outcome=Outcome(chosen), after=after, limit=ROWS_SHOWN)
    columns, told = _columns_of(chosen)
    lines = [(row.number, _who(row, import_file.header), *line) for row in found for line in told(row)]
    return {
        "panel": Panel(title="", columns=columns, rows=lines),
        "after": found[-1].number if len(found) == ROWS_SHOWN else None,
    }


def _columns_of(chosen: str):
    which = {_("Row number"): "integer", _("Whose"): "text"}
    if chosen == Outcome.CHANGED:
        columns = which | {_("Column"): "text", _("Old"): "text", _("New value"): "text"}
        return columns, lambda row: [(change.label, change.old, change.new) for change in row.changes]
    columns = which | {_("Column"): "text", _("Reason"): "text"}
    if chosen == NOTICED:
        return columns, lambda row: [(notice.header, notice.message) for notice in row.notices]
    return columns, lambda row: [(problem.header, problem.message) for problem in row.problems]


def _who(row: RowView, header: list[str]) -> str:
    named = dict(zip(header, row.cells, strict=False))
    return " ".join(named[column] for column in WHO if named.get(column))


def _after(text: str | None) -> int:
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 10 else 0
