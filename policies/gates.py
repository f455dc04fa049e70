"""What bars a visit from payment before any arithmetic (reading 10): codes in their order of precedence."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from policies.node import Node, PackError
from policies.values import LEVELS

if TYPE_CHECKING:
    from policies.pack import Pack

GATES = (
    "not_in_force",
    "not_insured",
    "suspended",
    "facility_not_contracted",
    "not_selected",
    "out_of_area_unfiled",
    "during_inpatient_stay",
    "work_injury",
    "third_party",
    "public_health",
    "abroad",
    "maternity",
    "too_late",
    "not_certified",
    "category_not_covered",
)
LOCALITIES = ("local", "filed", "unfiled")
_PRECEDENCE = {code: rank for rank, code in enumerate(GATES)}


@dataclass(frozen=True, slots=True)
class GateSpec:
    """A pack's gates: articles, where selection and filing are asked for, what lifts a code."""

    articles: Mapping[str, str]
    selection_localities: tuple[str, ...]  # where a selected facility is asked for; empty: nowhere
    selectable_levels: tuple[str, ...]  # elsewhere only a referral stands in
    filing_required: bool
    lifted_by_emergency: frozenset[str]
    lifted_for_newborn: frozenset[str]


def read_gates(node: Node) -> GateSpec:
    """The section ``gates`` of a pack file; every code of the common list needs its article there."""
    articles = node.node("articles")
    selection = node.node_or_none("selection")
    spec = GateSpec(
        articles={code: articles.text(code) for code in GATES},
        selection_localities=selection.some_of("localities", LOCALITIES) if selection else (),
        selectable_levels=selection.some_of("levels", LEVELS) if selection else (),
        filing_required=node.flag("filing_required"),
        lifted_by_emergency=frozenset(node.some_of("lifted_by_emergency", GATES, [])),
        lifted_for_newborn=frozenset(node.some_of("lifted_for_newborn", GATES, [])),
    )
    for part in (articles, selection, node):
        if part is not None:
            part.close()
    if "not_in_force" in spec.lifted_by_emergency | spec.lifted_for_newborn:
        raise PackError(f"{node.path}: nothing lifts not_in_force")
    return spec


def first_gate(
    gates: GateSpec,
    *,
    in_force: bool,
    covered: bool,
    certified: bool,
    level: str | None,
    locality: str = "local",
    selected: bool = False,
    referred: bool = False,
    emergency: bool = False,
    newborn: bool = False,
    clerk: str | None = None,
    found: Iterable[str] = (),
) -> str | None:
    """The code of the first gate a visit fails, or None.

    ``covered``: the pack has a line for the category; ``certified``: no record of the disease is asked for or
    it is there; ``clerk``: a code established by hand, and ``found``: codes by the records, which count in
    every pack. What an emergency or a newborn lifts is lifted from these too; a referral stands in for a
    missing selection only.
    """
    failed = list(found)
    if not in_force:
        failed.append("not_in_force")
    chosen = selected and level in gates.selectable_levels
    if locality in gates.selection_localities and not chosen and not referred:
        failed.append("not_selected")
    if gates.filing_required and locality == "unfiled":
        failed.append("out_of_area_unfiled")
    if not certified:
        failed.append("not_certified")
    if not covered:
        failed.append("category_not_covered")
    if clerk is not None:
        failed.append(clerk)
    if emergency:
        failed = [code for code in failed if code not in gates.lifted_by_emergency]
    if newborn:
        failed = [code for code in failed if code not in gates.lifted_for_newborn]
    return min(failed, key=_PRECEDENCE.__getitem__, default=None)


def article_of(pack: Pack, gate: str, category: str) -> str:
    """A gate's article: the category's own where that is what asks for a certified disease."""
    spec = pack.categories.get(category)
    if gate == "not_certified" and spec is not None and spec.certified:
        return spec.article
    return pack.gates.articles[gate]
