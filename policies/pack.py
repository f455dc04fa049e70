"""A pack: one city's published rules of one scheme, read from ``packs/<name>.yaml`` or from a stored text.

The file is laid out in the order of its document. ``benefits``, ``selection``, ``accounts``, ``capitation``
and ``management`` may each hold ``values`` (values.py); ``benefits.categories`` says how visits are paid
(lines.py), ``gates`` what is not paid (gates.py), ``accounts.credits`` and ``capitation.terms`` what the
monthly runs do (credit.py, capitation.py), ``selection.rules`` how people choose (sections.py). ``entered``,
at the end, are figures entered later (entered.py).
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import Any

from policies.entered import Entered, read_entered
from policies.gates import GateSpec, read_gates
from policies.lines import CATEGORIES, CategorySpec, read_category
from policies.month import Month
from policies.node import Node, PackError
from policies.sections import (
    CapitationSpec,
    CreditSpec,
    FamilySpec,
    PayoutRule,
    Rule,
    SelectionSpec,
    read_at_once,
    read_capitation,
    read_credits,
    read_evidence,
    read_family,
    read_payouts,
    read_rules,
    read_selection,
)
from policies.values import Entry, MissingParameter, Notice, Text, Value, read_text, read_value
from policies.yamltext import read_yaml

FOLDER = Path(__file__).parent / "packs"
SECTIONS = ("benefits", "selection", "accounts", "capitation", "management")
SCHEMES = ("310", "390")


@dataclass(frozen=True, slots=True)
class Area:
    """A pooling area or county with its GB/T 2260 code."""

    code: str
    name: Text


@dataclass(frozen=True, eq=False)
class Pack:
    """One version of one city's rules; compared by identity, so it can key a cache."""

    name: str
    document: str
    title: Text
    city: Area
    counties: tuple[Area, ...]
    scheme: str
    starts: date
    ends: date | None
    values: Mapping[str, Value]
    categories: Mapping[str, CategorySpec]
    gates: GateSpec
    credits: Mapping[str, tuple[CreditSpec, ...]]
    at_once: Mapping[str, str]
    account_uses: tuple[Rule, ...]
    account_bans: tuple[Rule, ...]
    account_payouts: tuple[PayoutRule, ...]
    evidence: Mapping[str, Text]
    family_elsewhere: FamilySpec | None
    selection: SelectionSpec | None
    capitation: CapitationSpec | None
    entered: tuple[Entered, ...]

    def value(self, name: str, when: date | Month) -> Any:
        """The figure or table in force on a day (for a month: its first day); None if optional and absent.

        Raises MissingParameter when the document leaves the figure out and nobody has entered it, NotInForce
        outside the pack's dates, KeyError for a name the pack does not have.
        """
        entry = self.entry(name, when)
        if entry.figure is None and entry.required:
            raise MissingParameter(name, entry.article)
        return entry.figure

    def entry(self, name: str, when: date | Month) -> Entry:
        """The dated entry with its article; raises as ``value`` does, except for missing figures."""
        return self.values[name].entry(when)

    def in_force(self, day: date) -> bool:
        return self.starts <= day and (self.ends is None or day <= self.ends)

    def notices(self, kind: str, month: Month) -> list[Notice]:
        """What a run of a section (``benefits``, ``capitation``, …) or of one value must show in a month.

        A notice stands from its month on, for as long as the figure in force was entered for an earlier time.
        """
        return [
            value.notice
            for value in self.values.values()
            if kind in (value.section, value.name)
            and value.notice is not None
            and value.notice.start <= month.first_day
            and self.in_force(month.first_day)
            and value.entry(month).start < value.notice.start
        ]

    def period(self, day: date) -> int:
        """A number that stays the same for as long as no value of the pack changes; keys caches of terms."""
        return bisect_right(self._changes, day)

    @cached_property
    def _changes(self) -> list[date]:
        return sorted({entry.start for value in self.values.values() for entry in value.entries})


def available_packs() -> list[str]:
    """The names of the shipped packs, in alphabetical order."""
    return sorted(path.stem for path in FOLDER.glob("*.yaml"))


def load_pack(name_or_path: str | Path) -> Pack:
    """A shipped pack by name, or any pack by its path; raises PackError, or OSError if it cannot be read."""
    path = FOLDER / f"{name_or_path}.yaml" if name_or_path in available_packs() else Path(name_or_path)
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        shipped = ", ".join(available_packs())
        raise PackError(f"there is no pack {name_or_path}: name one of {shipped}, or a file") from None
    except UnicodeDecodeError as error:
        raise PackError(f"{path}: not UTF-8") from error
    return parse_pack(text)


def pack_for_city(code: str, scheme: str | None = None) -> Pack:
    """The shipped pack of a pooling area (six digits), of one scheme if given; raises LookupError."""
    for name in available_packs():
        pack = load_pack(name)
        if pack.city.code == code and scheme in (None, pack.scheme):
            return pack
    raise LookupError(f"no pack for city {code}" + (f", scheme {scheme}" if scheme else ""))


def parse_pack(mapping_or_text: Mapping[str, Any] | str) -> Pack:
    """A pack from its text (as versions are stored) or the mapping in it; raises PackError with a path."""
    data = mapping_or_text
    if isinstance(data, str):
        try:
            data = read_yaml(data)
        except ValueError as error:
            raise PackError(str(error)) from error
    node = Node(data, "")
    force = node.node("in_force")
    starts, ends = force.first_day("from"), force.last_day("until", None)
    force.text("article")
    force.close()
    sections = {name: section for name in SECTIONS if (section := node.node_or_none(name)) is not None}
    values = _values(sections, starts=starts, ends=ends)
    entered = read_entered(node.nodes("entered", []), values)
    accounts, capitation = sections.get("accounts"), sections.get("capitation")
    evidence = read_evidence(accounts)
    pack = Pack(
        name=node.text("name"),
        document=node.text("document"),
        title=_text(node, "title"),
        city=_area(node.node("city")),
        counties=tuple(_area(county) for county in node.nodes("counties")),
        scheme=node.one_of("scheme", SCHEMES),
        starts=starts,
        ends=ends,
        values=values,
        categories=_categories(sections.get("benefits"), values),
        gates=read_gates(node.node("gates")),
        credits=read_credits(accounts, values),
        at_once=read_at_once(accounts),
        account_uses=read_rules(accounts, "uses"),
        account_bans=read_rules(accounts, "never"),
        account_payouts=read_payouts(accounts, evidence),
        evidence=evidence,
        family_elsewhere=read_family(accounts),
        selection=read_selection(sections.get("selection")),
        capitation=read_capitation(capitation, values),
        entered=entered,
    )
    node.close()
    for section in sections.values():
        section.close()
    _check_counties(pack)
    return pack


def _values(sections: Mapping[str, Node], *, starts: date, ends: date | None) -> dict[str, Value]:
    if ends is not None and ends < starts:
        raise PackError(f"in_force.until: {ends} is before {starts}")
    values: dict[str, Value] = {}
    for name, section in sections.items():
        for value_name, item in section.named("values").items():
            if value_name in values:
                raise PackError(f"{item.path}: {values[value_name].section} has this name too")
            values[value_name] = read_value(item, name=value_name, section=name, starts=starts, ends=ends)
    return values


def _categories(benefits: Node | None, values: dict[str, Value]) -> dict[str, CategorySpec]:
    if benefits is None:
        raise PackError("benefits: missing")
    found = benefits.named("categories")
    for name, node in found.items():
        if name not in CATEGORIES:
            raise PackError(f"{node.path}: {name} is none of {', '.join(CATEGORIES)}")
    if "outpatient" not in found:
        raise PackError(f"{benefits.at('categories')}.outpatient: missing")
    return {name: read_category(node, values) for name, node in found.items()}


def _text(node: Node, key: str) -> Text:
    inner = node.node(key)
    text = read_text(inner)
    inner.close()
    return text


def _area(node: Node) -> Area:
    area = Area(code=node.text("code"), name=read_text(node))
    node.close()
    if not (len(area.code) == 6 and area.code.isascii() and area.code.isdigit()):
        raise PackError(f"{node.at('code')}: {area.code!r} is not six digits")
    return area


def _check_counties(pack: Pack) -> None:
    codes = [county.code for county in pack.counties]
    for code in codes:
        if code[:4] != pack.city.code[:4] or codes.count(code) > 1:
            raise PackError(f"counties: {code} is outside the city or given twice")
