"""From a visit's facts to its terms: the pack's dated figures, resolved once per combination and cached."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from fractions import Fraction
from typing import Any, NamedTuple

from policies.adjudicate import (
    CONSULTATION_FEE,
    DIAGNOSIS_FEE,
    RATE_ONE,
    REST,
    SCALE,
    TWELFTHS,
    Beyond,
    Limit,
    Line,
    Terms,
)
from policies.lines import DeductibleSpec, LimitSpec, LineSpec, Ref
from policies.money import to_fen
from policies.month import Month
from policies.pack import Pack
from policies.values import MissingParameter

_PARTS = {"rest": REST, "consultation_fee": CONSULTATION_FEE, "diagnosis_fee": DIAGNOSIS_FEE}
_WHOLE_YEAR = 12


class Case(NamedTuple):
    """The facts of a visit that its terms depend on; what a pack does not ask for may stay at its default."""

    category: str
    level: str | None = None
    status: str = "active"
    facility_kind: str = "other"
    out_of_city: bool = False
    selected_month: int | None = None  # the month, 1 to 12, of the year's first selection
    age: int | None = None
    admitted: bool = False
    disease: str | None = None  # the one treated, when the pack knows it
    diseases: int = 0  # how many are on record
    known_diseases: tuple[str, ...] = ()  # those on record that the pack knows


class TermsBook:
    """The terms of one pack; asks the pack once per case and period between two changes of its figures."""

    def __init__(self, pack: Pack) -> None:
        self.pack = pack
        self.known_diseases = _known_diseases(pack)
        self.by_age = asks_for(pack, "age")
        self._cache: dict[tuple[int, Case], Terms] = {}

    def terms(self, day: date, case: Case) -> Terms:
        """The terms of a case on a day in force; a category without lines of its own raises KeyError."""
        key = (self.pack.period(day), case)
        found = self._cache.get(key)
        if found is None:
            found = self._cache[key] = resolve_terms(self.pack, day, case)
        return found

    def case(
        self,
        day: date,
        *,
        category: str,
        level: str | None,
        status: str = "active",
        facility_kind: str | None = None,
        locality: str = "local",
        selected_from: Month | None = None,
        born: date | None = None,
        admitted: bool = False,
        disease: str | None = None,
        diseases: frozenset[str] = frozenset(),
    ) -> Case:
        """The case of a visit, with what the pack does not ask for left at its default.

        ``category`` as settled (see ``settled_as``); ``selected_from``: first month of this year's first
        selection; ``disease``: the one treated; ``diseases``: all on record. Raises KeyError for a category
        the pack does not cover.
        """
        certified = self.pack.categories[category].certified
        return Case(
            category=category,
            level=level,
            status="retired" if status == "retired" else "active",
            facility_kind=facility_kind or "other",
            out_of_city=locality != "local",
            selected_month=selected_from.number if selected_from else None,
            age=age_on(born, day, self.pack.value("age_on", day)) if self.by_age and born else None,
            admitted=admitted,
            disease=disease if certified and disease in self.known_diseases else None,
            diseases=len(diseases) if certified else 0,
            known_diseases=tuple(sorted(self.known_diseases & diseases)) if certified else (),
        )


def settled_as(pack: Pack, category: str) -> str:
    """An emergency in a pack without a line of its own for it is settled as outpatient (reading 12)."""
    return "outpatient" if category == "emergency" and category not in pack.categories else category


def asks_for(pack: Pack, dimension: str) -> bool:
    """Whether a benefit of the pack depends on a fact: ``level``, ``age``, …"""
    return any(value.section == "benefits" and dimension in value.by for value in pack.values.values())


def age_on(born: date, day: date, rule: str) -> int:
    """Age in full years on the visit date, or on ``01-01`` / ``12-31`` of its year.

    The birthday itself counts; who is born on 29 February has it on 1 March of other years. Raises ValueError
    for another rule.
    """
    if rule != "visit_date":
        if rule not in ("01-01", "12-31"):
            raise ValueError(f"{rule!r} is neither visit_date nor 01-01 nor 12-31")
        day = date.fromisoformat(f"{day.year:04d}-{rule}")
    return day.year - born.year - ((day.month, day.day) < (born.month, born.day))


def resolve_terms(pack: Pack, day: date, case: Case) -> Terms:
    """The terms of a case on a day; missing parameters are listed in them, not raised."""
    spec = pack.categories[case.category]
    look = _Lookup(pack, day, case)
    if spec.awaits is not None:  # a value alone would not say how to pay
        return Terms((), (), ((spec.awaits.value, look.article(spec.awaits)),))
    specs = [line for line in spec.lines if case.level is None or case.level in line.levels]
    lines = tuple(_line(look, line) for line in specs)
    own_fees = tuple(line.part for line in lines if line.part != REST)
    if look.missing:
        return Terms((), (), tuple(look.missing))
    return Terms(lines, own_fees)


class _Lookup:
    """Looks figures up for one case and day, and remembers which parameters are missing."""

    def __init__(self, pack: Pack, day: date, case: Case) -> None:
        self.pack, self.day, self.case = pack, day, case
        self.missing: list[tuple[str, str]] = []

    def figure(self, ref: Ref, *, disease: str | None = None) -> Any:
        """The figure; None when it is optional and absent, or missing."""
        case = self.case
        try:
            return self.pack.values[ref.value].figure(
                self.day,
                ref.article,
                status=case.status,
                level=case.level,
                facility_kind=case.facility_kind,
                age=case.age,
                disease=disease or case.disease,
            )
        except MissingParameter as missing:
            self.lacks(missing.name, missing.article)
            return None

    def lacks(self, name: str, article: str) -> None:
        if (name, article) not in self.missing:
            self.missing.append((name, article))

    def fen(self, ref: Ref, **facts: Any) -> int | None:
        found = self.figure(ref, **facts)
        return None if found is None else to_fen(found)

    def article(self, ref: Ref) -> str:
        return ref.article or self.pack.entry(ref.value, self.day).article

    def rate(self, refs: tuple[Ref, ...]) -> tuple[int, str]:
        """The rate in millionths and its article, of the first value with a row for the case.

        Where none has one the last is missing: nothing is paid at a rate of zero by default.
        """
        for ref in refs:
            found = self.figure(ref)
            if found is not None:
                return int(Fraction(found) * RATE_ONE / 100), self.article(ref)
        self.lacks(refs[-1].value, self.article(refs[-1]))
        return 0, self.article(refs[-1])


def _line(look: _Lookup, spec: LineSpec) -> Line:
    rate, rate_article = look.rate(spec.rates)
    articles = {"rate": rate_article}
    for key, ref in (("cap", spec.cap), ("visit_limit", spec.visit_limit)):
        if ref is not None:
            articles[key] = look.article(ref)
    deductible = 0
    if spec.deductible is not None:
        deductible = _deductible(look, spec.deductible)
        articles["deductible"] = look.article(spec.deductible.ref)
    visit_limit = look.fen(spec.visit_limit) if spec.visit_limit else None
    return Line(
        part=_PARTS[spec.part],
        cap=look.fen(spec.cap) if spec.cap else None,
        deductible=deductible,
        deductible_counter=spec.deductible.counter if spec.deductible else None,
        per_drug=spec.deductible is not None and spec.deductible.kind == "per_drug",
        rate=rate,
        visit_limit=None if visit_limit is None else visit_limit * SCALE,
        limits=_limits(look, spec.limits),
        beyond=_beyond(look, spec),
        articles=articles,
    )


def _deductible(look: _Lookup, spec: DeductibleSpec) -> int:
    """In twelfths of 分; a waived one does not even need its figure."""
    if spec.waived_when_admitted and look.case.admitted:
        return 0
    figure = look.fen(spec.ref)
    return 0 if figure is None else int(figure * TWELFTHS * spec.share)


def _limits(look: _Lookup, specs: tuple[LimitSpec, ...]) -> tuple[Limit, ...]:
    kinds: dict[str, Callable[[_Lookup, LimitSpec], int | None]] = {
        "annual": _annual,
        "prorated": _prorated,
        "by_diseases": _by_diseases,
    }
    return tuple(
        Limit(spec.counter, kinds[spec.kind](look, spec), look.article(spec.ref))
        for spec in specs
        if look.case.out_of_city or not spec.only_out_of_city
    )


def _annual(look: _Lookup, spec: LimitSpec) -> int | None:
    figure = look.fen(spec.ref)
    return None if figure is None else figure * SCALE


def _prorated(look: _Lookup, spec: LimitSpec) -> int | None:
    """Twelfths of the year from the month of its first selection on; without a selection the whole."""
    figure = look.fen(spec.ref)
    first = look.case.selected_month or 1
    return None if figure is None else figure * (SCALE // _WHOLE_YEAR) * (_WHOLE_YEAR + 1 - first)


def _by_diseases(look: _Lookup, spec: LimitSpec) -> int | None:
    """The figure of the first disease, more for each further one on record, up to the most."""
    first, further, most = look.fen(spec.ref), look.fen(spec.further), look.fen(spec.most)
    if first is None or further is None or most is None:
        return None
    for disease in look.case.known_diseases if spec.of_disease else ():
        first = max(first, look.fen(spec.of_disease, disease=disease) or 0)
    return min(first + further * max(look.case.diseases - 1, 0), most) * SCALE


def _beyond(look: _Lookup, spec: LineSpec) -> Beyond | None:
    """What is missing beyond the limit holds only a visit that crosses it."""
    if spec.beyond is None:
        return None
    inner = _Lookup(look.pack, look.day, look.case)
    rate, article = inner.rate(spec.beyond.rates)
    limits = _limits(inner, spec.beyond.limits)
    return Beyond(rate, limits, article, tuple(inner.missing))


def _known_diseases(pack: Pack) -> frozenset[str]:
    return frozenset(
        disease
        for value in pack.values.values()
        if value.by[:1] == ("disease",)
        for entry in value.entries
        for disease in entry.figure or ()
    )
