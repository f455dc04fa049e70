"""What waits for a member of staff: the list that is their inbox, and its count on every page.

A run is news to somebody until they have opened its page since the last thing that happened to it.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.db.models import Model
from django.utils.translation import gettext_lazy as _

from office.imports import importable
from office.models import ImportFile, PolicyVersion, Run, SeenRun, Staff
from office.remembered import has_acted, remembered
from office.statements import fetch

# What is asked, and of which record.
ASKED = {
    "sign": (Run, _("to sign")),
    "release": (Run, _("to release")),
    "post": (Run, _("to post")),
    "correct": (Run, _("to correct")),
    "refused": (Run, _("was refused")),
    "failed": (Run, _("stopped while posting")),
    "approve": (PolicyVersion, _("to approve")),
    "submit": (PolicyVersion, _("to submit")),
    "confirm": (ImportFile, _("to confirm")),
    "send again": (ImportFile, _("to correct and upload again")),
}
# The pages that tell all that waits: the workbench and the inbox.
TOLD_WHOLE = ("index", "waiting")
# What rooms further up ask of somebody: each gives rows like those of `office/waiting_for`, and names its
# own in ASKED.
FURTHER: list[Callable[[Staff], list[tuple]]] = []


@dataclass(frozen=True, kw_only=True)
class Waiting:
    """One thing that waits: what is asked, of which record, since when, and whether it is news."""

    what: str
    record: Model
    since: datetime
    news: bool

    @property
    def asked(self) -> str:
        return str(ASKED[self.what][1])

    @property
    def by(self) -> str:
        """Who asks for it, where the record says so."""
        if self.run:
            return str(self.run.prepared_by or self.run.get_origin_display())
        return str(getattr(self.record, "applied_by", None) or "")

    @property
    def run(self) -> Run | None:
        return self.record if isinstance(self.record, Run) else None

    @property
    def amount(self) -> Decimal | None:
        return self.run.amount if self.run else None


@dataclass(frozen=True, kw_only=True)
class Pile:
    """Records of a kind that wait for the same act, as one thing: what they are, and their list."""

    asked: str
    said: str
    url: str
    amount: Decimal | None
    since: datetime
    news: bool = False
    by: str = ""


# Rooms further up say here what of theirs waits for somebody, in piles.
PILES: list[Callable[[Staff], list[Pile]]] = []


def piles_for(staff: Staff) -> list[Pile]:
    return [pile for piles_of in PILES for pile in piles_of(staff)]


def waiting_for(staff: Staff) -> list[Waiting | Pile]:
    """What this person is asked to do next, oldest first."""
    rows = waiting_rows(staff)
    wanted: dict[type, set] = {}
    for what, number, _since, _news in rows:
        wanted.setdefault(ASKED[what][0], set()).add(number)
    related = {Run: ["reverses", "prepared_by"]}
    found = {
        model: model.objects.select_related(*related.get(model, [])).in_bulk(ids)
        for model, ids in wanted.items()
    }
    waiting = [
        Waiting(what=what, record=found[ASKED[what][0]][number], since=since, news=news)
        for what, number, since, news in rows
    ]
    return sorted([*waiting, *piles_for(staff)], key=lambda item: item.since)


def waiting_on(request) -> list[Waiting | Pile]:
    """What waits for whoever asked, worked out once for a page that tells it whole."""
    if not hasattr(request, "waiting"):
        request.waiting = waiting_for(request.user)
    return request.waiting


def count_for(request) -> tuple[int, int]:
    """How much waits for whoever asked, and how much of it is news; remembered, unless told whole."""
    if request.resolver_match and request.resolver_match.url_name in TOLD_WHOLE:
        waiting = waiting_on(request)
        return len(waiting), sum(item.news for item in waiting)
    return remembered(request, "waiting", lambda: _count(request.user))


def _count(staff: Staff) -> tuple[int, int]:
    rows = waiting_rows(staff)
    return len(rows) + len(piles_for(staff)), sum(news for *_rest, news in rows)


def waiting_rows(staff: Staff) -> list[tuple]:
    """What waits one by one: what is asked, of which record by number, since when, and whether it is news."""
    rows = fetch(
        "office/waiting_for",
        staff=staff.pk,
        whole_city=staff.sees_whole_city,
        may_approve=staff.has_perm("office.approve_policyversion"),
        may_enter=staff.has_perm("office.add_policyversion"),
        may_import=bool(importable(staff)),
    )
    for further in FURTHER:
        rows += further(staff)
    return sorted(rows, key=lambda row: row[2])


def mark_seen(run: Run, *, by: Staff) -> None:
    """Note that somebody has opened the run's page: all that happened to it so far is no news to them."""
    last = run.events.order_by("-id").values_list("id", flat=True).first() or 0
    SeenRun.objects.bulk_create(
        [SeenRun(staff=by, run=run, event=last)],
        update_conflicts=True,
        unique_fields=["staff", "run"],
        update_fields=["event"],
    )
    has_acted(by)
