"""What a kind of run is: what it computes, how a chunk is posted, how it is undone, what is downloaded."""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache

from django.conf import settings
from django.utils.module_loading import import_string

from office.models import Run, RunChunk, RunKindName, Staff
from office.policy import newest_version, pack_of
from policies.month import Month
from policies.pack import Pack


@dataclass(frozen=True, kw_only=True)
class Computed:
    """What a kind found: totals to look at before anything is posted.

    `totals` maps a dimension ("county", "status", …) to rows of (key, rows, yuan as text).
    """

    totals: dict = field(default_factory=dict)
    notices: list = field(default_factory=list)


@dataclass(frozen=True, kw_only=True)
class RunKind:
    """One kind of run.

    applies: whether a scheme with these rules has such runs at all.
    compute: fills the run's lines, chunk rows and exceptions; runs in one transaction and may be repeated.
    latest: the last period that may be run in a month: nothing is computed ahead of its time.
    still_holds: asked before posting; raises RunRefused when what the run was computed from has changed.
    may_be_undone: asked before reversing; raises RunRefused while other posted runs rest on this one.
    post_chunk: posts one chunk, within the transaction that marks it; returns the digest of what it posted.
    mirror: the kind that undoes what this one posted; None for a mirror itself.
    export: the table a clerk downloads.
    page: some of its rows for the screen, as page(run, first, count), where the whole table may be too long.
    pages: what else somebody may look at once it is computed, as (what a button says, where it leads).
    """

    name: RunKindName
    applies: Callable[[Pack], bool] = lambda pack: True
    latest: Callable[[Month], Month] = lambda month: month
    still_holds: Callable[[Run], None] = lambda run: None
    may_be_undone: Callable[[Run], None] = lambda run: None
    compute: Callable[[Run], Computed]
    post_chunk: Callable[[Run, RunChunk], str]
    mirror: "RunKind | None" = None
    export: Callable[[Run], "Table"] | None = None
    page: Callable[[Run, int, int], "Table"] | None = None
    pages: Callable[[Run, Staff], list[tuple[str, str]]] = lambda run, staff: []


@dataclass(frozen=True, kw_only=True)
class Table:
    """Rows to be written into a file: `columns` maps a header to "text", "integer" or "money"."""

    title: str
    columns: dict[str, str]
    rows: object


def kind_of(run: Run) -> RunKind:
    """What a run does; a reversal is done by the mirror of the kind it reverses."""
    return kind_named(run.reverses.kind).mirror if run.kind == RunKindName.REVERSAL else kind_named(run.kind)


def kinds_of(*, scheme: str) -> list[RunKindName]:
    """The kinds of run a scheme has by its rules, in the order of the year's work."""
    pack = pack_of(newest_version(scheme=scheme))
    return [RunKindName(name) for name in settings.RUN_KINDS if kind_named(name).applies(pack)]


@cache
def kind_named(name: str) -> RunKind:
    return import_string(settings.RUN_KINDS[name])
