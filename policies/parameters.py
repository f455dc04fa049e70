"""Figures entered beside a pack: the parameters file of a trial, laid over the pack's own values.

Every name below is known in every pack; a pack that has no such parameter of its own leaves it unused, so one
file serves several cities. A figure may be dated, outermost: a mapping from ``YYYY-MM`` to the figure.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

from policies.month import Month
from policies.node import PackError
from policies.pack import Pack
from policies.values import Entry, Value, check_figure
from policies.yamltext import read_yaml

# name → unit and the dimensions its table nests by
PARAMETERS: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "inpatient_rate": ("percent", ("status", "level")),
    "inpatient_deductible": ("yuan", ("level",)),
    "inpatient_limit": ("yuan", ()),
    "annual_limit": ("yuan", ()),
    "quota_rate": ("yuan", ()),
    "basic_annual_limit": ("yuan", ()),
    "combined_annual_limit": ("yuan", ()),
    "retired_monthly_credit": ("yuan", ()),
    "retired_credit_rate": ("percent", ()),
    "deposit_return_scale": ("scale", ()),
    "interest_rate": ("percent", ()),
    "interest_rate_carried_over": ("percent", ()),
}
FIGURE_OR_GROUPS = ("retired_monthly_credit",)
WITHOUT_SHAPE = ("chronic_terms",)
_MONTH = re.compile(r"[0-9]{4}-[0-9]{2}")


def read_parameters(text: str) -> dict[str, Any]:
    """The mapping in a parameters file (YAML or JSON); an empty file has none. Raises PackError."""
    try:
        data = read_yaml(text)
    except ValueError as error:
        raise PackError(f"parameters: {error}") from error
    if data is None:
        return {}
    if not isinstance(data, dict):
        raise PackError("parameters: should be a mapping of names")
    return data


def with_parameters(pack: Pack, mapping: Mapping[str, Any]) -> Pack:
    """The pack with the given figures in force from their months on; the pack itself is unchanged.

    Raises PackError for an unknown name or a bad value, used by this pack or not.
    """
    values = dict(pack.values)
    for name, given in mapping.items():
        dated = _dated(name, given)
        if name in values and values[name].parameter:
            values[name] = _overlay(values[name], dated, starts=pack.starts, ends=pack.ends)
    return replace(pack, values=values)


def _dated(name: str, given: Any) -> list[tuple[date | None, Any]]:
    """Checked (first day, figure) pairs in time order; None: from the beginning."""
    if name in WITHOUT_SHAPE:
        raise PackError(f"{name}: has no shape yet, it cannot be given")
    if name not in PARAMETERS:
        raise PackError(f"{name}: no parameter has this name")
    if not (isinstance(given, dict) and given and any(_is_month(key) for key in given)):
        _check(name, given, name)
        return [(None, given)]
    dated: list[tuple[date | None, Any]] = []
    for key, figure in given.items():
        try:
            start = Month.parse(key if isinstance(key, str) else str(key)).first_day
        except ValueError as error:
            raise PackError(f"{name}: {error}") from error
        _check(name, figure, f"{name}.{key}")
        dated.append((start, figure))
    return sorted(dated)


def _is_month(key: Any) -> bool:
    return isinstance(key, str) and _MONTH.fullmatch(key) is not None


def _check(name: str, figure: Any, path: str) -> None:
    unit, by = PARAMETERS[name]
    if name in FIGURE_OR_GROUPS and isinstance(figure, dict):
        by = ("group",)
    check_figure(figure, unit=unit, by=by, path=path, complete=False)


def _overlay(value: Value, dated: list[tuple[date | None, Any]], *, starts: date, ends: date | None) -> Value:
    """The value's own entries until the first given month, then the given figures."""
    # A dict: of several months before the pack begins the latest holds at its beginning.
    given = list({max(start or starts, starts): figure for start, figure in dated}.items())
    given = [(start, figure) for start, figure in given if ends is None or start <= ends]
    if not given:
        return value
    first = given[0][0]
    kept = [
        replace(entry, end=min(entry.end or first, first - timedelta(days=1)))
        for entry in value.entries
        if entry.start < first
    ]
    entries = [
        Entry(
            start=start,
            end=later[0] - timedelta(days=1) if later else ends,
            article=value.entry(start).article,
            figure=figure,
            required=any(entry.required for entry in value.entries),  # a row left out is missing
        )
        for (start, figure), later in zip(given, [*given[1:], None], strict=True)
    ]
    return replace(value, entries=(*kept, *entries))
