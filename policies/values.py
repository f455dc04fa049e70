"""Dated values: what a document states, for which days, in which unit, in which article.

An entry is *stated* (it has a figure), *required* (the document leaves the figure out: what needs it is
held, naming the parameter and the article) or *optional* (applied once somebody enters it).
Entries of a value follow each other without gap or overlap over the pack's time in force.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from policies.month import Month
from policies.node import Node, PackError

STATUSES = ("active", "retired")
LEVELS = ("primary", "secondary", "tertiary")
FACILITY_KINDS = ("village_station", "other")
GROUPS = ("enterprise", "institution")

# Tables nest by these; None: the keys are free (lower ages in full years, codes of diseases).
DIMENSIONS: Mapping[str, tuple[str, ...] | None] = {
    "status": STATUSES,
    "level": LEVELS,
    "facility_kind": FACILITY_KINDS,
    "group": GROUPS,
    "age": None,
    "disease": None,
}
UNITS = ("percent", "yuan", "months", "flag", "choice", "day", "list", "scale")


class MissingParameter(LookupError):
    """A figure the document leaves out and nobody has entered; carries the parameter's name and article."""

    def __init__(self, name: str, article: str) -> None:
        super().__init__(f"parameter {name} (article {article}) has no value")
        self.name = name
        self.article = article


class NotInForce(LookupError):
    """A day or month outside the pack's dates."""


@dataclass(frozen=True, slots=True)
class Text:
    """The same short text in Chinese and English."""

    zh: str
    en: str


@dataclass(frozen=True, slots=True)
class Notice:
    """Shown by every run from a month on that still uses a figure entered before that month."""

    name: str
    start: date
    article: str
    text: Text


@dataclass(frozen=True, slots=True)
class Entry:
    """What holds from ``start`` to ``end`` (included; None: open); ``figure`` None: nobody has stated it."""

    start: date
    end: date | None
    article: str
    figure: Any
    required: bool


@dataclass(frozen=True, slots=True)
class Value:
    """One named value of a pack with all its entries, earliest first."""

    name: str
    section: str
    unit: str
    by: tuple[str, ...]
    parameter: bool
    notice: Notice | None
    entries: tuple[Entry, ...]
    choices: tuple[str, ...] = ()

    @property
    def always_known(self) -> bool:
        """Whether the value is stated, or its absence holds whatever needs it: never merely optional."""
        return all(entry.figure is not None or entry.required for entry in self.entries)

    def entry(self, when: date | Month) -> Entry:
        """The entry in force on a day, or on the first day of a month; raises NotInForce."""
        day = when.first_day if isinstance(when, Month) else when
        for entry in reversed(self.entries):
            if entry.start <= day:
                if entry.end is not None and day > entry.end:
                    break
                return entry
        raise NotInForce(f"{self.name} is not in force on {when}")

    def figure(self, when: date | Month, article: str | None = None, /, **facts: Any) -> Any:
        """The single figure for the given facts (``status=…, level=…``); None when optional and absent.

        Raises MissingParameter, naming ``article`` or else the entry's own, when a required figure is absent.
        """
        entry = self.entry(when)
        figure = entry.figure
        for dimension in self.by:
            if not isinstance(figure, dict):  # one figure entered for all rows
                break
            figure = _row(figure, dimension, facts[dimension])
        if figure is None and entry.required:
            raise MissingParameter(self.name, article or entry.article)
        return figure


def _row(table: dict, dimension: str, fact: Any) -> Any:
    if dimension == "age":
        bounds = [bound for bound in table if bound <= (fact or 0)]
        return table[max(bounds)]
    if dimension == "status" and fact != "retired":
        fact = "active"  # "retired has its own row, every other status uses active"
    return table.get(fact)


def read_value(node: Node, *, name: str, section: str, starts: date, ends: date | None) -> Value:
    """A value out of its mapping in the pack file; raises PackError on a gap, an overlap or a missing row."""
    unit = node.one_of("unit", UNITS)
    by = node.some_of("by", tuple(DIMENSIONS), [])
    parameter = node.flag("parameter")
    choices = node.take("choices", list, None)
    notice = None
    if (notice_node := node.node_or_none("notice")) is not None:
        notice = Notice(
            name=name,
            start=notice_node.first_day("from"),
            article=notice_node.text("article"),
            text=read_text(notice_node),
        )
        notice_node.close()
    items = node.nodes("values")
    node.close()
    if not items:
        raise PackError(f"{node.at('values')}: empty")
    entries: list[Entry] = []
    for item, following in zip(items, [*items[1:], None], strict=True):
        start = item.first_day("from")
        next_start = following.first_day("from") if following else None
        natural_end = next_start - timedelta(days=1) if next_start else ends
        end = item.last_day("until", natural_end)
        expected = entries[-1].end + timedelta(days=1) if entries else starts
        if start > expected:
            raise PackError(f"{item.at('from')}: gap, nothing holds from {expected} until {start}")
        if start < expected or (end is not None and end < start):
            raise PackError(f"{item.at('from')}: overlap, {start} is before {expected}")
        if end != natural_end:
            problem = "overlap" if natural_end is not None and end > natural_end else "gap"
            raise PackError(f"{item.at('until')}: {problem} after {end}")
        entries.append(_read_entry(item, start=start, end=end, unit=unit, by=by))
        if choices is not None and entries[-1].figure not in choices:
            raise PackError(f"{item.at('value')}: {entries[-1].figure!r} is none of {choices}")
    return Value(name, section, unit, by, parameter, notice, tuple(entries), tuple(choices or ()))


def _read_entry(node: Node, *, start: date, end: date | None, unit: str, by: tuple[str, ...]) -> Entry:
    article = node.text("article")
    required, optional = node.flag("required"), node.flag("optional")
    figure = node.take("value", object, None)
    node.close()
    if (figure is not None) + required + optional != 1:
        raise PackError(f"{node.path}: wants one of value, required: true, optional: true")
    if figure is not None:
        check_figure(figure, unit=unit, by=by, path=node.at("value"), complete=True)
    return Entry(start, end, article, figure, required)


def check_figure(figure: Any, *, unit: str, by: tuple[str, ...], path: str, complete: bool) -> None:
    """Raise PackError unless the figure has the unit's kind and the rows of its dimensions."""
    if not by:
        _check_scalar(figure, unit=unit, path=path)
        return
    dimension, rest = by[0], by[1:]
    if not isinstance(figure, dict):
        raise PackError(f"{path}: should be a table by {dimension}")
    rows = DIMENSIONS[dimension]
    for key, value in figure.items():
        if dimension == "age" and (not isinstance(key, int) or isinstance(key, bool) or key < 0):
            raise PackError(f"{path}: {key!r} is not an age in full years")
        if dimension == "disease" and not isinstance(key, str):
            raise PackError(f"{path}: {key!r} is not a code")
        if rows is not None and key not in rows:
            raise PackError(f"{path}: {key!r} is none of {', '.join(rows)}")
        check_figure(value, unit=unit, by=rest, path=f"{path}.{key}", complete=complete)
    wanted = (0,) if dimension == "age" else rows if complete and rows else ()
    for key in wanted:
        if key not in figure:
            raise PackError(f"{path}: no figure for {dimension} {key}")


def _check_scalar(figure: Any, *, unit: str, path: str) -> None:
    kinds = {"flag": bool, "choice": str, "day": str, "list": list, "scale": list, "months": int}
    if unit in kinds:
        if not isinstance(figure, kinds[unit]) or (unit == "months" and isinstance(figure, bool)):
            raise PackError(f"{path}: {figure!r} is not a {unit}")
        if unit == "scale":
            _check_scale(figure, path)
        return
    if not isinstance(figure, int | Decimal) or isinstance(figure, bool):
        raise PackError(f"{path}: {figure!r} is not a number")
    number = Decimal(figure)
    if not number.is_finite() or number < 0:
        raise PackError(f"{path}: {figure} is not a figure of zero or more")
    if unit == "yuan" and (number * 100 % 1 or number >= 10**10):
        raise PackError(f"{path}: {figure} is not an amount in yuan with at most two decimals")
    if unit == "percent" and (number > 100 or number * 10_000 % 1):
        raise PackError(f"{path}: {figure} is not a percentage from 0 to 100 with at most four decimals")


def _check_scale(figure: list, path: str) -> None:
    """A scale of scores: each step from a score on, with the share returned; no score twice."""
    scores = []
    for index, item in enumerate(figure):
        step = Node(item, f"{path}[{index}]")
        for key in ("from", "share"):
            _check_scalar(step.take(key, object), unit="percent", path=step.at(key))
        scores.append(step.data["from"])
        step.close()
    if not scores or len(set(scores)) != len(scores):
        raise PackError(f"{path}: wants at least one step, and each score once")


def read_text(node: Node) -> Text:
    """The keys ``zh`` and ``en`` of a mapping."""
    return Text(zh=node.text("zh"), en=node.text("en"))
