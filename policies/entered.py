"""Figures entered beside a document: each with its first day, its article, its source, who and when.

They stand at the end of a pack's text under ``entered``, in the order in which they were entered, and the
document above them stays as it was published. A figure replaces what held from its day on, up to the end of
the entry it falls into; a later statement of the document stays.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from policies.node import Node, PackError
from policies.values import Entry, Value, check_figure

WITHOUT_SHAPE = ("chronic_terms",)
HEADING = "\nentered:\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class Entered:
    """One figure somebody entered: for which value and from when, by which source, who and on which day."""

    value: str
    start: date
    article: str
    figure: Any
    source: str
    by: str
    on: date


def with_entered(text: str, entered: Entered) -> str:
    """A pack's text with one more entered figure; the pack is to be parsed again, which checks it."""
    fields = {
        "value": entered.value,
        "from": entered.start.isoformat(),
        "article": entered.article,
        "figure": entered.figure,
        "source": entered.source,
        "by": entered.by,
        "on": entered.on.isoformat(),
    }
    heading = "" if HEADING in text else HEADING
    return f"{text.rstrip()}\n{heading}  - {_flow(fields)}\n"


def published_part(text: str) -> str:
    """The text without what was entered beside it."""
    return text.partition(HEADING)[0].rstrip() + "\n"


def entered_part(text: str) -> str:
    """What was entered, as text; empty when nothing was."""
    _before, heading, after = text.partition(HEADING)
    return heading + after


def _flow(data: Any) -> str:
    """Plain data as YAML on one line; a Decimal keeps its places."""
    if isinstance(data, dict):
        return "{" + ", ".join(f"{_flow(key)}: {_flow(item)}" for key, item in data.items()) + "}"
    if isinstance(data, list):
        return "[" + ", ".join(map(_flow, data)) + "]"
    return format(data, "f") if isinstance(data, Decimal) else json.dumps(data, ensure_ascii=False)


def read_entered(nodes: list[Node], values: dict[str, Value]) -> tuple[Entered, ...]:
    """The entered figures, laid over the pack's values one after the other; raises PackError."""
    return tuple(_read(node, values) for node in nodes)


def _read(node: Node, values: dict[str, Value]) -> Entered:
    name = node.text("value")
    if name not in values or name in WITHOUT_SHAPE:
        raise PackError(f"{node.at('value')}: no value that could be entered is named {name}")
    value = values[name]
    entered = Entered(
        value=name,
        start=node.first_day("from"),
        article=node.text("article"),
        figure=node.take("figure", object),
        source=node.text("source"),
        by=node.text("by"),
        on=node.first_day("on"),
    )
    node.close()
    first, last = value.entries[0].start, value.entries[-1].end
    if entered.start < first or (last is not None and entered.start > last):
        raise PackError(f"{node.at('from')}: {entered.start} is outside the time in force")
    # Of a parameter rows may be left out: they stay missing. Of anything else every row has a figure.
    complete = not value.parameter
    check_figure(entered.figure, unit=value.unit, by=value.by, path=node.at("figure"), complete=complete)
    if value.choices and entered.figure not in value.choices:
        raise PackError(f"{node.at('figure')}: {entered.figure!r} is none of {', '.join(value.choices)}")
    values[name] = replace(value, entries=tuple(_laid_over(value, entered)))
    return entered


def _laid_over(value: Value, entered: Entered) -> list[Entry]:
    entries = []
    for entry in value.entries:
        holds = entry.start <= entered.start and (entry.end is None or entered.start <= entry.end)
        if not holds or entry.start < entered.start:
            end = entered.start - timedelta(days=1) if holds else entry.end
            entries.append(replace(entry, end=end))
        if holds:
            entries.append(
                Entry(
                    start=entered.start,
                    end=entry.end,
                    article=entered.article,
                    figure=entered.figure,
                    required=any(entry.required for entry in value.entries),
                )
            )
    return entries
