"""A pack under other benefit figures: which figures visits are paid by, and the text with some changed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

from policies.entered import Entered, with_entered
from policies.lines import CategorySpec, LimitSpec, Ref
from policies.pack import Pack
from policies.values import Entry, Value


def benefit_figures(pack: Pack, *, year: int) -> list[Value]:
    """The values by which visits of the year are paid, in the order of the document."""
    read = {ref.value for spec in pack.categories.values() for ref in _refs(spec)}
    return [value for value in pack.values.values() if value.name in read and entries_of(value, year=year)]


def entries_of(value: Value, *, year: int) -> list[Entry]:
    """What holds of a value in a year, earliest first."""
    first, last = date(year, 1, 1), date(year, 12, 31)
    return [
        entry for entry in value.entries if entry.start <= last and (entry.end is None or entry.end >= first)
    ]


def with_figures(
    text: str, pack: Pack, figures: Mapping[str, Any], *, year: int, source: str, by: str, on: date
) -> str:
    """The pack's text with the figures holding all through the year; it is to be parsed, which checks it."""
    for name, figure in figures.items():
        for entry in entries_of(pack.values[name], year=year):
            text = with_entered(
                text,
                Entered(
                    value=name,
                    start=max(entry.start, date(year, 1, 1)),
                    article=entry.article,
                    figure=figure,
                    source=source,
                    by=by,
                    on=on,
                ),
            )
    return text


def _refs(spec: CategorySpec) -> Iterator[Ref]:
    for line in spec.lines:
        deductible = line.deductible.ref if line.deductible else None
        beyond_rates, beyond_limits = (line.beyond.rates, line.beyond.limits) if line.beyond else ((), ())
        found = [line.cap, deductible, line.visit_limit, *line.rates, *beyond_rates]
        for limit in (*line.limits, *beyond_limits):
            found += _of_limit(limit)
        yield from (ref for ref in found if ref is not None)


def _of_limit(limit: LimitSpec) -> list[Ref | None]:
    return [limit.ref, limit.further, limit.most, limit.of_disease]
