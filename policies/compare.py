"""What differs between two versions of a pack: article by article, in money, and for sample visits."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from policies.capitation import CapitationTerms, annual_quota, capitation_terms, prepayment
from policies.credit import CreditTerm, credit, credit_terms
from policies.month import Month
from policies.pack import Pack
from policies.samples import Sample, sample_visits
from policies.trial import run_trial
from policies.values import Entry, MissingParameter, NotInForce, Value

SAMPLE_BASE = Decimal("5000.00")
SAMPLE_HEADS = 1000


@dataclass(frozen=True, slots=True)
class Change:
    """A stretch of days in which a value has another entry than before; None: it had none there."""

    value: Value
    article: str
    start: date
    end: date | None
    before: Entry | None
    after: Entry | None


@dataclass(frozen=True, slots=True)
class VisitEffect:
    """A sample visit with its result before and after, both as of the trial."""

    sample: Sample
    before: dict[str, Any]
    after: dict[str, Any]

    @property
    def differs(self) -> bool:
        return self.before != self.after


@dataclass(frozen=True, slots=True)
class MoneyEffect:
    """A monthly sum before and after: of a ``credit`` (by status and group) or of the capitation.

    None where a figure is missing; for capitation the sums of SAMPLE_HEADS heads.
    """

    kind: str  # credit | prepayment | quota
    status: str
    group: str | None
    before: Decimal | None
    after: Decimal | None


def changes(before: Pack, after: Pack) -> list[Change]:
    """Every stretch of time in which a figure differs, in the order of the document."""
    found = []
    for name in dict.fromkeys([*before.values, *after.values]):
        old, new = before.values.get(name), after.values.get(name)
        found += _changes_of(old, new)
    return found


def _changes_of(old: Value | None, new: Value | None) -> list[Change]:
    entries = [entry for value in (old, new) if value for entry in value.entries]
    starts = sorted({entry.start for entry in entries} | {_after(entry) for entry in entries if entry.end})
    found = []
    for start, following in zip(starts, [*starts[1:], None], strict=True):
        was, now = _entry(old, start), _entry(new, start)
        if _said(was) == _said(now):
            continue
        end = following - timedelta(days=1) if following else None
        found.append(Change(new or old, (now or was).article, start, end, was, now))
    return found


def _after(entry: Entry) -> date:
    return entry.end + timedelta(days=1)


def _entry(value: Value | None, day: date) -> Entry | None:
    try:
        return value.entry(day) if value else None
    except NotInForce:
        return None


def _said(entry: Entry | None) -> tuple | None:
    return entry and (entry.article, entry.figure, entry.figure is None and entry.required)


def effect_on_visits(before: Pack, after: Pack, day: date) -> list[VisitEffect]:
    """Ten sample visits of the day, each of a person of its own, settled by both."""
    samples = sample_visits(after, day)
    was, now = _settled(before, samples), _settled(after, samples)
    return [VisitEffect(sample, was[sample.visit["id"]], now[sample.visit["id"]]) for sample in samples]


def _settled(pack: Pack, samples: list[Sample]) -> dict[str, dict[str, Any]]:
    lines = [
        json.dumps(visit)
        for sample in samples
        for visit in (
            *({**sample.visit, "id": f"{sample.visit['id']}/{count}"} for count in range(sample.earlier)),
            sample.visit,
        )
    ]
    return {result["id"]: result for result in run_trial(pack=pack, visits=lines)}


def effect_on_money(before: Pack, after: Pack, month: Month) -> list[MoneyEffect]:
    """What differs in a month's credits and in the capitation of a facility."""
    effects = _effect_on_credits(before, after, month) + _effect_on_capitation(before, after, month)
    return [effect for effect in effects if effect.before != effect.after]


def _effect_on_credits(before: Pack, after: Pack, month: Month) -> list[MoneyEffect]:
    old = {(term.status, term.group): term for term in _credit_terms(before, month)}
    new = {(term.status, term.group): term for term in _credit_terms(after, month)}
    return [
        MoneyEffect("credit", status, group, _credit(old, status, group), _credit(new, status, group))
        for status, group in dict.fromkeys([*new, *old])
    ]


def _credit_terms(pack: Pack, month: Month) -> list[CreditTerm]:
    try:
        return credit_terms(pack, month)
    except NotInForce:
        return []


def _credit(terms: dict, status: str, group: str | None) -> Decimal | None:
    term = terms.get((status, group)) or terms.get((status, None))
    try:
        return credit(term, SAMPLE_BASE) if term else None
    except MissingParameter:
        return None


def _effect_on_capitation(before: Pack, after: Pack, month: Month) -> list[MoneyEffect]:
    sums = [_capitation(pack, month) for pack in (before, after)]
    return [
        MoneyEffect(kind, "", None, *(of_pack[kind] for of_pack in sums)) for kind in ("prepayment", "quota")
    ]


def _capitation(pack: Pack, month: Month) -> dict[str, Decimal | None]:
    try:
        terms: CapitationTerms | None = capitation_terms(pack, month)
    except (MissingParameter, NotInForce):
        terms = None
    if terms is None:
        return {"prepayment": None, "quota": None}
    return {
        "prepayment": prepayment(rate=terms.quota_rate, heads=SAMPLE_HEADS, share=terms.prepay_share),
        "quota": annual_quota(rate=terms.quota_rate, person_months=SAMPLE_HEADS * 12),
    }
