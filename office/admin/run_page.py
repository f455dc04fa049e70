"""All that the page of a run shows, gathered from the run and, where records have names, from other rooms."""

from dataclasses import replace
from decimal import Decimal
from itertools import islice

from django.apps import apps
from django.db.models import Count
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from office.admin.exceptions import advice_of, title_of
from office.admin.panels import ROWS_SHOWN, Pages, Panel, first_of, linked
from office.admin.rule_words import NAMES
from office.admin.run_acts import EVENTS, acts_open_to
from office.models import County, Run, RunKindName, RunState, Staff
from office.runs import kind_of, previous_posted


def run_page(run: Run, staff: Staff, query) -> dict:
    """The page's context; `query` says which part of long lists is looked at."""
    previous = previous_posted(run)
    return {
        "run": run,
        "steps": steps_of(run),
        "acts": acts_open_to(run, staff),
        "working": is_working(run),
        "progress": progress_of(run),
        "computed": run.state != RunState.DRAFT and bool(run.input_hash),
        "previous": previous,
        "difference": run.amount - previous.amount if previous else None,
        "difference_share": share(run.amount - previous.amount, previous.amount) if previous else None,
        "notices": [
            {"article": notice["article"], "text": notice["zh" if get_language().startswith("zh") else "en"]}
            for notice in run.notices
        ],
        "breakdowns": list(breakdowns(run, previous)),
        "exceptions": exceptions_of(run, query),
        "lines": lines_of(run, staff, query),
        "events": events_of(run),
        "may_download": staff.has_perm("office.export_run") and kind_of(run).export is not None,
    }


def is_working(run: Run) -> bool:
    """Whether a worker has, or is about to have, the run in hand."""
    return run.state in (RunState.DRAFT, RunState.POSTING) and not run.error


def progress_of(run: Run) -> dict | None:
    """How far posting is, in chunks and rows; None in any other state."""
    if run.state != RunState.POSTING:
        return None
    chunks = run.chunks.values_list("rows", "posted_at")
    posted = sum(rows for rows, at in chunks if at)
    return {"posted": posted, "rows": run.rows, "percent": 100 * posted // run.rows if run.rows else 100}


def steps_of(run: Run) -> list[dict]:
    """The way of the run: which steps are done, by whom and when, and the one it waits for."""
    if run.state == RunState.CANCELLED:
        return []
    drafted = run.state == RunState.DRAFT
    steps = [
        {"label": _("Prepare"), "who": run.prepared_by or run.get_origin_display(), "at": run.created_at},
        {"label": _("Compute"), "who": "", "at": None if drafted else run.computed_at},
        {"label": _("Review"), "who": run.reviewed_by or "", "at": run.reviewed_at},
        {"label": _("Post"), "who": "", "at": run.posted_at},
    ]
    if run.kind == RunKindName.REVERSAL:
        del steps[2]
    waiting = next((step for step in steps if not step["at"]), None)
    if waiting is not None:
        waiting["now"] = True
    return steps


def share(part, whole) -> Decimal | None:
    return Decimal(part) / Decimal(whole) if whole else None


def breakdowns(run: Run, previous: Run | None):
    """Panels of the totals by county, status, …, beside those of the posted run before."""
    titles = {"county": _("By county"), "status": _("By status"), "facility": _("By facility")}
    nouns = {"county": _("County"), "status": _("Status"), "facility": _("Facility")}
    for dimension, rows in run.totals.items():
        if not rows or [key for key, _count, _yuan in rows] == [""]:
            continue
        names = _names(dimension)
        before = {
            key: Decimal(yuan)
            for key, _count, yuan in (previous.totals if previous else {}).get(dimension, [])
        }
        now = {key: (count, Decimal(yuan)) for key, count, yuan in rows}
        table = []
        for key in sorted(now.keys() | before.keys()):
            count, amount = now.get(key, (0, Decimal("0.00")))
            earlier = before.get(key)
            row = [names.get(key, key or _("Not given")), count, amount]
            if previous:
                earlier = earlier or Decimal("0.00")
                row += [earlier, amount - earlier, share(amount - earlier, earlier)]
            table.append(row)
        columns = {nouns.get(dimension, dimension): "text", _("Rows"): "integer", _("Amount"): "money"}
        if previous:
            columns |= {previous.period_label: "money", _("Difference"): "change", _("Change (%)"): "percent"}
        yield Panel(title=titles.get(dimension, dimension), columns=columns, rows=table)


def _names(dimension: str) -> dict:
    if dimension == "county":
        return dict(County.objects.values_list("code", "name"))
    if dimension == "status":
        field = apps.get_model("insured", "Enrolment")._meta.get_field("status")
        return {value: str(label) for value, label in field.flatchoices}
    return dict(apps.get_model("facilities", "Facility").objects.values_list("code", "name"))


def exceptions_of(run: Run, query) -> dict:
    """The run's exceptions: counted by code, and those of one code listed, some at a time."""
    groups = [
        {"code": code, "count": count, "title": title_of(code), "advice": advice_of(code)}
        for code, count in run.exceptions.order_by("code").values_list("code").annotate(count=Count("pk"))
    ]
    codes = [group["code"] for group in groups]
    chosen = query.get("exceptions")
    chosen = chosen if chosen in codes else (codes[0] if codes else None)
    total = next((group["count"] for group in groups if group["code"] == chosen), 0)
    first = first_of(query.get("exceptions_from"), total)
    listed = list(run.exceptions.filter(code=chosen).order_by("id")[first : first + ROWS_SHOWN])
    people = _in_bulk("insured.Person", (exception.person_id for exception in listed))
    facilities = _in_bulk("facilities.Facility", (exception.facility_id for exception in listed))
    rows = []
    for exception in listed:
        person, facility = people.get(exception.person_id), facilities.get(exception.facility_id)
        record = person or facility
        rows.append(
            (
                (person.person_number if person else facility.code) if record else "",
                linked(record, record.name) if record else "",
                NAMES.get(exception.detail, exception.detail),
                exception.article,
            )
        )
    columns = {_("Number"): "text", _("Name"): "text", _("Detail"): "text", _("Article"): "text"}
    return {
        "groups": groups,
        "chosen": chosen,
        "total": sum(group["count"] for group in groups),
        "panel": Panel(title=str(title_of(chosen)) if chosen else "", columns=columns, rows=rows),
        "pages": Pages(first, total, "exceptions_from", f"&exceptions={chosen}#exceptions"),
    }


def _in_bulk(model: str, ids) -> dict:
    ids = {number for number in ids if number}
    return apps.get_model(model).objects.in_bulk(ids) if ids else {}


def lines_of(run: Run, staff: Staff, query) -> dict | None:
    """Some rows of the run's own table; how many there are of some counties only reading them tells."""
    kind = kind_of(run)
    if not run.rows or (kind.page is None and kind.export is None):
        return None
    first, total = first_of(query.get("lines_from"), run.rows), run.rows
    if kind.page is not None and (staff.sees_whole_city or kind.export is None):
        table = kind.page(run, first, ROWS_SHOWN)
    else:
        table = kind.export(run)
        table = replace(table, rows=list(islice(table.rows, first, first + ROWS_SHOWN + 1)))
        if not staff.sees_whole_city:
            total = first + len(table.rows)
    return {
        "panel": Panel(title=table.title, columns=table.columns, rows=list(table.rows)[:ROWS_SHOWN]),
        "pages": Pages(first, total, "lines_from", "#lines"),
    }


def events_of(run: Run) -> Panel:
    """Who did what to the run, when and why."""
    return Panel(
        title=_("What happened"),
        columns={_("At"): "text", _("By"): "text", _("Step"): "text", _("From"): "text", _("Reason"): "text"},
        rows=[
            (
                event.at,
                event.actor or _("The portal"),
                EVENTS.get(event.act, event.act),
                event.get_origin_display(),
                event.reason,
            )
            for event in run.events.select_related("actor")
        ],
    )
