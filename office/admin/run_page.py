"""All that the page of a run shows, gathered from the run and, where records have names, from other rooms."""

import re
from dataclasses import replace
from itertools import islice

from django.apps import apps
from django.contrib.postgres.aggregates import ArrayAgg
from django.db.models import Count
from django.utils.translation import get_language, pgettext
from django.utils.translation import gettext as _

from office import approvals
from office.admin.comparison_page import comparison_of
from office.admin.exceptions import advice_of, title_of
from office.admin.panels import ROWS_SHOWN, Pages, Panel, first_of, linked
from office.admin.progress import failed_chunks, standing_of
from office.admin.rule_words import NAMES
from office.admin.run_acts import EVENTS, SIGNING, acts_open_to
from office.kinds import kind_of
from office.line import place_of
from office.models import Run, RunEvent, RunState, Staff
from office.runs import APPROVABLE

DETAIL_PARTS = re.compile(r"[a-z_]+")


def run_page(run: Run, staff: Staff, query) -> dict:
    """The page's context; `query` says which part of long lists is looked at."""
    standing = approvals.standing_of(run, staff)
    return {
        "steps": steps_of(run, standing.hash),
        "next": next_of(run, staff, standing) if run.state in APPROVABLE else None,
        "sent_back": run.events.filter(act__in=["send_back", "refuse"]).last() if is_over(run) else None,
        "reversal": run.reversals.exclude(state=RunState.CANCELLED).last(),
        "acts": acts_open_to(run, staff, standing),
        "place": place_of(run, staff),
        "seen": approvals.token_of(standing),
        "approval_hash": standing.hash,
        **standing_of(run),
        "failed_chunks": failed_chunks(run),
        "computed": run.state != RunState.DRAFT and bool(run.input_hash),
        "pages": kind_of(run).pages(run, staff),
        **comparison_of(run, staff),
        "notices": [
            {"article": notice["article"], "text": notice["zh" if get_language().startswith("zh") else "en"]}
            for notice in run.notices
        ],
        "exceptions": exceptions_of(run, query),
        "lines": lines_of(run, staff, query),
        "events": events_of(run),
        "may_download": staff.has_perm("office.export_run") and kind_of(run).export is not None,
    }


def steps_of(run: Run, approval_hash: str) -> list[dict]:
    """The way of the run: which steps are done, by whom and when, and the one it waits for."""
    if run.state == RunState.CANCELLED:
        return []
    drafted = run.state == RunState.DRAFT
    steps = [
        {"label": _("Prepare"), "who": run.prepared_by or run.get_origin_display(), "at": run.created_at},
        {"label": _("Compute"), "who": "", "at": None if drafted else run.computed_at},
    ]
    if not run.chain and run.reviewed_at:  # before there were chains
        steps.append({"label": _("Review"), "who": run.reviewed_by, "at": run.reviewed_at})
    steps += [
        {"label": step.kind.label, **signature(step, drafted)}
        for step in approvals.steps_of(run, hash=approval_hash)
    ]
    steps.append({"label": _("Post"), "who": "", "at": run.posted_at})
    waiting = next((step for step in steps if not step["at"]), None)
    if waiting is not None:
        waiting["now"] = True
    return steps


def signature(step: approvals.Step, drafted: bool) -> dict:
    """By whom, for whom and when a step was signed; what was signed before a draft no longer counts."""
    approval = None if drafted else step.approval
    return {
        "who": approval and by_whom(approval.person, approval.on_behalf_of),
        "at": approval and approval.at,
    }


def by_whom(person: Staff, on_behalf_of: Staff | None) -> str:
    if on_behalf_of is None:
        return str(person)
    return _("%(delegate)s for %(principal)s") % {"delegate": person, "principal": on_behalf_of}


def next_of(run: Run, staff: Staff, standing: approvals.Standing) -> dict | None:
    """The step a run waits for: who may sign it, and why this person may not, where it could be theirs."""
    if standing.step is None:
        return None
    concerned = approvals.may_sign_any(staff, [standing.step.kind])
    return {
        "label": standing.step.kind.label,
        "signers": approvals.signers(run, standing.step),
        "refusal": standing.refusal if concerned else "",
        "on_behalf_of": standing.on_behalf_of,
    }


def is_over(run: Run) -> bool:
    """Whether somebody has to look at why it was sent back or refused."""
    return run.state in (RunState.DRAFT, RunState.CANCELLED)


def exceptions_of(run: Run, query) -> dict:
    """The run's exceptions: counted by code, and those of one code listed, some at a time."""
    groups = [
        {
            "code": code,
            "count": count,
            "title": title_of(code),
            "advice": advice_of(code),
            "articles": "、".join(sorted(filter(None, articles))),
        }
        for code, count, articles in run.exceptions.order_by("code")
        .values_list("code")
        .annotate(count=Count("pk"), articles=ArrayAgg("article", distinct=True))
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
                in_words(exception.detail),
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


def in_words(detail: str) -> str:
    """An exception's detail: names of figures and statuses, alone or as a change from one to the other."""
    statuses = apps.get_model("insured", "Enrolment")._meta.get_field("status").flatchoices
    named = NAMES | dict(statuses)
    return DETAIL_PARTS.sub(lambda part: str(named.get(part[0], part[0])), detail)


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
        "pages": Pages(first, total, "lines_from", "#lines", counted=staff.sees_whole_city),
    }


def events_of(run: Run) -> Panel:
    """Who did what to the run, when and why."""
    return Panel(
        title=_("What happened"),
        columns={
            _("At"): "text",
            _("By"): "text",
            _("Step"): "text",
            pgettext("history", "From where"): "text",
            _("Reason"): "text",
        },
        rows=[
            (
                event.at,
                by_whom(event.actor, event.on_behalf_of) if event.actor else _("The portal"),
                act_of(event),
                event.get_origin_display(),
                event.reason,
            )
            for event in run.events.select_related("actor", "on_behalf_of")
        ],
    )


def act_of(event: RunEvent) -> str:
    """What was done, in words; of signatures, which step."""
    return str(SIGNING[event.step] if event.step else EVENTS.get(event.act, event.act))
