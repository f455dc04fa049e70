"""The line of what waits for somebody of one kind: where a record stands in it, and what comes after.

Each decision can lead to the next in line. Runs, policy versions and what rooms add to the worklist one by
one wait in its order; for what waits in piles the room says in LINES who stands in line with a record.
"""

from collections.abc import Callable
from dataclasses import dataclass

from django.db.models import Model
from django.http import HttpResponseRedirect
from django.urls import reverse

from office.models import Staff
from office.worklist import ASKED, waiting_rows

# Of the worklist, what asks for a decision on the record itself.
DECIDED = {"sign", "release", "post", "approve", "sign_application"}
LINES: dict[type[Model], Callable[[Staff, Model], list[int]]] = {}


@dataclass(frozen=True, kw_only=True)
class Place:
    """The place of a record among `total` in line, and the pages beside it; after the last the first."""

    number: int
    total: int
    before: str
    after: str

    @property
    def others(self) -> int:
        return self.total - 1


def place_of(record: Model, staff: Staff) -> Place | None:
    """None for a record that does not wait for this person."""
    line = LINES.get(type(record), _in_the_worklist)(staff, record)
    if record.pk not in line:
        return None
    at = line.index(record.pk)
    meta = record._meta
    before, after = (
        reverse(f"admin:{meta.app_label}_{meta.model_name}_change", args=[line[beside % len(line)]])
        for beside in (at - 1, at + 1)
    )
    return Place(number=at + 1, total=len(line), before=before, after=after)


def _in_the_worklist(staff: Staff, record: Model) -> list[int]:
    return [
        number
        for what, number, *_rest in waiting_rows(staff)
        if what in DECIDED and ASKED[what][0] is type(record)
    ]


def led_on(request, place: Place | None, *, otherwise: str) -> HttpResponseRedirect:
    """After a decision: to the next in line where that was asked for, or to the list once nobody is left."""
    if request.POST.get("then") != "next" or place is None:
        return HttpResponseRedirect(otherwise)
    return HttpResponseRedirect(place.after if place.others else reverse("waiting"))
