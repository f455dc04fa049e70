"""How a visit of a category is paid: the kinds of the pack's ``benefits.categories``, read and checked.

A category is a list of payment lines, settled in order. A line takes one part of the eligible cost and names
the values that apply to it. The kinds:

deductible  per_visit | annual | per_drug (per drug and year); a share of the figure; waived for a stay
limits      annual | prorated (twelfths from the month of the year's first selection) | by_diseases;
            several on one line nest; ``when: out_of_city`` binds only visits outside the city
visit_limit the most the fund pays for one visit
cap         a fee is payable up to a figure per kind of facility; the excess stays with the person
beyond      what crosses the line's first limit is paid at another rate within other limits
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from policies.node import Node, PackError
from policies.values import LEVELS, Value

CATEGORIES = ("outpatient", "emergency", "chronic", "special", "negotiated_drug", "day_surgery")
PARTS = ("rest", "consultation_fee", "diagnosis_fee")


@dataclass(frozen=True, slots=True)
class Ref:
    """A value by name; ``article`` where the line's own article says more than the value's."""

    value: str
    article: str | None


@dataclass(frozen=True, slots=True)
class DeductibleSpec:
    kind: str
    ref: Ref
    counter: str | None
    share: Fraction
    waived_when_admitted: bool


@dataclass(frozen=True, slots=True)
class LimitSpec:
    kind: str
    counter: str
    ref: Ref
    further: Ref | None  # by_diseases: added for each disease on record after the first
    most: Ref | None  # by_diseases: the highest limit
    of_disease: Ref | None  # by_diseases: a first figure of its own for some diseases
    only_out_of_city: bool


@dataclass(frozen=True, slots=True)
class BeyondSpec:
    rates: tuple[Ref, ...]
    limits: tuple[LimitSpec, ...]


@dataclass(frozen=True, slots=True)
class LineSpec:
    part: str
    levels: tuple[str, ...]
    cap: Ref | None
    deductible: DeductibleSpec | None
    rates: tuple[Ref, ...]  # the first that has a row for the visit's facts
    visit_limit: Ref | None
    limits: tuple[LimitSpec, ...]
    beyond: BeyondSpec | None


@dataclass(frozen=True, slots=True)
class CategorySpec:
    article: str
    certified: bool  # the disease treated must be on record
    awaits: Ref | None  # every visit is held until this parameter has a shape and a value
    lines: tuple[LineSpec, ...]


def read_category(node: Node, values: dict[str, Value]) -> CategorySpec:
    """One category out of the pack file; raises PackError on an unknown value, kind or key."""
    spec = CategorySpec(
        article=node.text("article"),
        certified=node.flag("certified"),
        awaits=_ref(node, "awaits", values, optional=True),
        lines=tuple(_line(item, values) for item in node.nodes("lines", [])),
    )
    node.close()
    if (spec.awaits is None) == (not spec.lines):
        raise PackError(f"{node.path}: wants either lines or awaits")
    _check_counters(spec, node.path)
    return spec


def _line(node: Node, values: dict[str, Value]) -> LineSpec:
    spec = LineSpec(
        part=node.one_of("of", PARTS),
        levels=node.some_of("levels", LEVELS, list(LEVELS)),
        cap=_ref(node, "cap", values, optional=True, unit="yuan"),
        deductible=_deductible(node, values),
        rates=_refs(node, "rate", values),
        visit_limit=_ref(node, "visit_limit", values, optional=True, unit="yuan"),
        limits=tuple(_limit(item, values) for item in node.nodes("limits", [])),
        beyond=_beyond(node, values),
    )
    node.close()
    if spec.beyond is not None and (len(spec.limits) != 1 or spec.visit_limit is not None):
        raise PackError(f"{node.path}: a line that overflows has exactly one limit, and none per visit")
    if spec.beyond is not None and not values[spec.limits[0].ref.value].always_known:
        raise PackError(f"{node.path}: a limit that overflows cannot be optional")
    return spec


def _deductible(line: Node, values: dict[str, Value]) -> DeductibleSpec | None:
    node = line.node_or_none("deductible")
    if node is None:
        return None
    kind = node.one_of("kind", ("per_visit", "annual", "per_drug"))
    share = node.text("share", "1")
    try:
        exact_share = Fraction(share)
    except (ValueError, ZeroDivisionError) as error:
        raise PackError(f"{node.at('share')}: {share!r} is not a fraction") from error
    if exact_share.denominator not in (1, 2, 3, 4, 6, 12) or exact_share <= 0:
        raise PackError(f"{node.at('share')}: {share} is not a positive number of twelfths")
    spec = DeductibleSpec(
        kind=kind,
        ref=_own_ref(node, values, unit="yuan"),
        counter=None if kind == "per_visit" else node.text("counter"),
        share=exact_share,
        waived_when_admitted=node.flag("waived_when_admitted"),
    )
    node.close()
    return spec


def _limit(node: Node, values: dict[str, Value]) -> LimitSpec:
    kind = node.one_of("kind", ("annual", "prorated", "by_diseases"), "annual")
    spec = LimitSpec(
        kind=kind,
        counter=node.text("counter"),
        ref=_own_ref(node, values, unit="yuan"),
        further=_ref(node, "further", values, optional=kind != "by_diseases", unit="yuan"),
        most=_ref(node, "most", values, optional=kind != "by_diseases", unit="yuan"),
        of_disease=_ref(node, "of_disease", values, optional=True, unit="yuan"),
        only_out_of_city=node.one_of("when", ("out_of_city",), None) is not None,
    )
    node.close()
    return spec


def _beyond(line: Node, values: dict[str, Value]) -> BeyondSpec | None:
    node = line.node_or_none("beyond")
    if node is None:
        return None
    spec = BeyondSpec(
        rates=_refs(node, "rate", values),
        limits=tuple(_limit(item, values) for item in node.nodes("limits")),
    )
    node.close()
    return spec


def _refs(node: Node, key: str, values: dict[str, Value]) -> tuple[Ref, ...]:
    if isinstance(node.data.get(key), list):
        return tuple(_own_ref_closed(item, values, unit="percent") for item in node.nodes(key))
    return (_ref(node, key, values, optional=False, unit="percent"),)


def _ref(
    node: Node, key: str, values: dict[str, Value], *, optional: bool, unit: str | None = None
) -> Ref | None:
    """Either the name of a value, or a mapping of ``value`` and ``article``."""
    found = node.take(key, (str, dict), None) if optional else node.take(key, (str, dict))
    if found is None:
        return None
    if isinstance(found, str):
        found = {"value": found}
    return _own_ref_closed(Node(found, node.at(key)), values, unit=unit)


def _own_ref_closed(node: Node, values: dict[str, Value], *, unit: str | None) -> Ref:
    ref = _own_ref(node, values, unit=unit)
    node.close()
    return ref


def _own_ref(node: Node, values: dict[str, Value], *, unit: str | None) -> Ref:
    name = node.text("value")
    if name not in values:
        raise PackError(f"{node.at('value')}: no value is named {name}")
    if unit is not None and values[name].unit != unit:
        raise PackError(f"{node.at('value')}: {name} is in {values[name].unit}, not in {unit}")
    return Ref(name, node.text("article", None))


def _check_counters(spec: CategorySpec, path: str) -> None:
    """A counter is either for deductibles or for payments, never both."""
    deductibles = {line.deductible.counter for line in spec.lines if line.deductible}
    limits = {limit.counter for line in spec.lines for limit in line.limits}
    limits |= {limit.counter for line in spec.lines if line.beyond for limit in line.beyond.limits}
    for counter in deductibles & limits:
        raise PackError(f"{path}: the counter {counter} is both of a deductible and of a limit")
