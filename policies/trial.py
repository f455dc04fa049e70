"""The trial: a file of visits settled against a pack, line by line, without touching stored data.

Accumulators live per person and year within the file, in file order. What is kept of a settled line is what
its reversal needs; each result is yielded as soon as its line is read.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from policies.adjudicate import (
    NOTHING,
    Outcome,
    Step,
    Terms,
    Visit,
    adjudicate,
    book,
    unbook,
)
from policies.gates import article_of, first_gate
from policies.money import text_of
from policies.pack import Pack, load_pack
from policies.parameters import read_parameters, with_parameters
from policies.rooms import Room, rooms_of
from policies.terms import TermsBook, settled_as
from policies.visitline import LineError, VisitLine, read_line

_NO_AMOUNTS = {"deductible": None, "fund": None, "person": None}


class _Settled(NamedTuple):
    """What a reversal of a line needs: the outcome, the counters it was booked to, the visit's total."""

    outcome: Outcome
    used: dict[str, int]
    total: int


_UNPAID = _Settled(Outcome("denied", None, 0, 0, 0, 0, NOTHING), {}, 0)  # denied or held
_GONE = None  # a reversal, or a visit reversed since


def run_trial(
    *, pack: Pack, visits: Iterable[bytes | str], parameters: Mapping[str, Any] | None = None
) -> Iterator[dict[str, Any]]:
    """One result per non-blank line, in order; raises PackError for bad parameters before the first line."""
    if parameters:
        pack = with_parameters(pack, parameters)
    return _results(Trial(pack), visits)


def adjudicate_file(*, pack: str | Path, source: Path, target: Path, parameters: Path | None = None) -> int:
    """Settle a file of visits into a file of results, both JSON lines; returns how many lines it wrote.

    Raises PackError for a pack or parameters file that cannot be used, ValueError when the results would
    overwrite the visits, OSError for files.
    """
    if source.resolve() == target.resolve():
        raise ValueError(f"{target}: the results would overwrite the visits")
    given = read_parameters(parameters.read_text(encoding="utf-8")) if parameters else None
    trial = Trial(with_parameters(load_pack(pack), given or {}))
    count = 0
    with source.open("rb") as visits, target.open("wb") as results:
        for result in _results(trial, visits):
            results.write(_json(result) + b"\n")
            count += 1
    return count


def _json(result: dict[str, Any]) -> bytes:
    try:
        return json.dumps(result, ensure_ascii=False).encode("utf-8")
    except UnicodeEncodeError:  # an id with half a surrogate pair goes back as it came, escaped
        return json.dumps(result).encode("ascii")


def _results(trial: Trial, visits: Iterable[bytes | str]) -> Iterator[dict[str, Any]]:
    first = True
    for raw in visits:
        if first:  # a byte order mark is no part of the first line
            raw = raw.removeprefix(b"\xef\xbb\xbf") if isinstance(raw, bytes) else raw.removeprefix("\ufeff")
            first = False
        if raw.strip():
            yield trial.result(raw)


class Trial:
    """The state of one run: counters per person and year, and what became of each id."""

    def __init__(self, pack: Pack) -> None:
        self.pack = pack
        self.terms = TermsBook(pack)
        self.used: dict[tuple[str, int], dict[str, int]] = defaultdict(dict)
        self.settled: dict[str, _Settled | None] = {}

    def result(self, raw: bytes | str) -> dict[str, Any]:
        try:
            line = read_line(raw, self.pack)
            if line.id in self.settled:
                raise LineError("id", "used before", line.id)
            return self.visit(line) if line.reverses is None else self.reversal(line)
        except LineError as error:
            return _result(error.line_id, "error", str(error), _NO_AMOUNTS)

    def visit(self, line: VisitLine) -> dict[str, Any]:
        used = self.used[line.person, line.date.year]
        category = settled_as(self.pack, line.category)
        gate = self.gate(line, category)
        visit = Visit(line.total, line.eligible, line.consultation_fee, line.diagnosis_fee, line.drug, gate)
        steps: list[Step] = []
        if gate is not None:
            outcome = adjudicate(visit, None, used)
            steps.append(Step(article_of(self.pack, gate, category), gate, 0))
        else:
            outcome = adjudicate(visit, self.terms_of(line, category), used, steps)
        book(used, outcome)
        paid = outcome.state == "paid"
        self.settled[line.id] = _Settled(outcome, used, line.total) if paid else _UNPAID
        if outcome.state == "held":
            missing = [
                {"article": article, "rule": name, "amount": None} for name, article in outcome.missing
            ]
            return _result(line.id, "held", outcome.reason, _NO_AMOUNTS, missing)
        amounts = _amounts(outcome, line.total)
        told = [{"article": s.article, "rule": s.rule, "amount": text_of(s.amount)} for s in steps]
        return _result(line.id, outcome.state, outcome.reason, amounts, told)

    def terms_of(self, line: VisitLine, category: str) -> Terms:
        case = self.terms.case(
            line.date,
            category=category,
            level=line.level,
            status=line.status,
            facility_kind=line.facility_kind,
            locality=line.locality,
            selected_from=line.selected_from,
            born=line.birth_date,
            admitted=line.admitted,
            disease=line.disease,
            diseases=line.diseases,
        )
        return self.terms.terms(line.date, case)

    def rooms(self, raw: bytes | str) -> list[Room]:
        """What is left, after a settled visit, of each limit and deductible that applies to it."""
        try:
            line = read_line(raw, self.pack)
        except LineError:
            return []
        category = settled_as(self.pack, line.category)
        if line.reverses is not None or self.gate(line, category) is not None:
            return []
        used = self.used[line.person, line.date.year]
        return rooms_of(self.terms_of(line, category), used, drug=line.drug)

    def gate(self, line: VisitLine, category: str) -> str | None:
        spec = self.pack.categories.get(category)
        return first_gate(
            self.pack.gates,
            in_force=self.pack.in_force(line.date),
            covered=spec is not None,
            certified=spec is None or not spec.certified or line.disease in line.diseases,
            level=line.level,
            locality=line.locality,
            selected=line.selected,
            referred=line.referred,
            emergency=line.emergency or line.category == "emergency",
            newborn=line.newborn,
            clerk=line.gate,
        )

    def reversal(self, line: VisitLine) -> dict[str, Any]:
        if line.reverses not in self.settled:
            raise LineError("reverses", "no such visit", line.id)
        found = self.settled[line.reverses]
        if found is _GONE:
            raise LineError("reverses", "reversed already, or itself a reversal", line.id)
        unbook(found.used, found.outcome)
        self.settled[line.reverses] = self.settled[line.id] = _GONE
        return _result(line.id, "reversed", None, _amounts(found.outcome, found.total, sign=-1))


def _amounts(outcome: Outcome, total: int, sign: int = 1) -> dict[str, str]:
    figures = {"deductible": outcome.deductible, "fund": outcome.fund, "person": total - outcome.fund}
    return {name: text_of(sign * figure) for name, figure in figures.items()}


def _result(
    line_id: str | None,
    state: str,
    reason: str | None,
    amounts: Mapping[str, str | None],
    steps: list[dict[str, Any]] | None = None,
) -> dict[str, Any]:
    steps = steps or []
    articles = list(dict.fromkeys(step["article"] for step in steps))
    return {"id": line_id, "state": state, "reason": reason, **amounts, "articles": articles, "steps": steps}
