"""Panels: the tables under a record, each given by the room that knows them.

A record's page belongs to one room; rooms further up add to it (`PersonAdmin.panels.append(…)`), so that
imports keep pointing one way.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

from django.urls import reverse
from django.utils.html import format_html

ROWS_SHOWN = 50


class Pages:
    """Where a long list is looked at, and the links to what is before and after.

    counted: whether `total` is the list's length, or only says whether there is more.
    """

    def __init__(
        self,
        first: int,
        total: int,
        parameter: str,
        rest: str = "",
        *,
        shown: int = ROWS_SHOWN,
        counted: bool = True,
    ):
        self.first, self.total, self.counted = first, total, counted
        self.last = min(first + shown, total)
        self.number = first + 1
        self.before = f"?{parameter}={max(first - shown, 0)}{rest}" if first else ""
        self.after = f"?{parameter}={first + shown}{rest}" if self.last < total else ""


def first_of(text: str | None, total: int) -> int:
    """The place in a list a query asks for; the start where that makes no sense."""
    first = int(text) if text and text.isascii() and text.isdigit() and len(text) < 10 else 0
    return first if first < total else 0


@dataclass(frozen=True, kw_only=True)
class Panel:
    """A titled table: `columns` as of `office.kinds.Table`; `figures` are (label, text) shown above it.

    `empty` is said where there are no rows. `act` is what a button says and where it posts to; the answer,
    a panel, takes this one's place.
    """

    title: str
    columns: dict[str, str]
    rows: list = field(default_factory=list)
    figures: list = field(default_factory=list)
    note: str = ""
    empty: str = ""
    link: tuple[str, str] | None = None
    act: tuple[str, str] | None = None
    pages: Pages | None = None
    anchor: str = ""


# Gives the panel, or panels, of a record; None where there is nothing to show to this person.
PanelOf = Callable[[object, object], Panel | list[Panel] | None]


def linked(record, text=None):
    """A link to a record's page."""
    meta = record._meta
    url = reverse(f"admin:{meta.app_label}_{meta.model_name}_change", args=[record.pk])
    return format_html('<a class="link" href="{}">{}</a>', url, text or record)


def badged(record, attribute: str = "state"):
    """A choice of a record in its colour."""
    return format_html(
        '<span class="state state-{}">{}</span>',
        getattr(record, attribute),
        getattr(record, f"get_{attribute}_display")(),
    )
