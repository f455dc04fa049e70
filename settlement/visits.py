"""Visits settled in bulk: a chunk of a batch, its counters, outcomes and money in one transaction.

SQL finds the facts, the one adjudicator runs over the rows in the order of people and time, and the outcomes
go back by COPY. The people's counters are held from before the facts are read until the transaction ends, in
the order of people; accounts after them, facilities' last. So of two files with the same people the second
waits, and the results are those of one after the other.
"""

import gc
import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from functools import cache
from typing import NamedTuple

from django.db import connection, transaction
from django.utils.translation import gettext as _

from accounts.vouchers import letting_go
from office.refusal import RunRefused
from office.statements import fetch, prepared, statement
from policies.adjudicate import Outcome, Visit, adjudicate
from settlement.models import VisitBatchKind, VisitChunk
from settlement.purses import Here, Purses, held, move
from settlement.rulings import Facts, Rules, Ruling

# Cells of a row, as `settlement/visit_facts.sql` gives them to COPY; from FACTS on they are taken as one.
NUMBER, PERSON, YEAR, TOTAL, ELIGIBLE, CONSULTATION, DIAGNOSIS, ASKED, DRUG, REVERSES, PAYEE = range(11)
FACTS = 11
NULL, NONE = b"\\N", "\\N"
OUTCOME_COLUMNS = (
    "visit_id, state, reason, total, deductible, fund, over_limit, account, family_account, cash, before,"
    " delta, first_move, moves, chunk_id, policy_id, category, level, station, locality, status, selected,"
    " selected_month, referred, newborn, diseases, found, birth_date"
)
FOUND_IN_OUTCOME = Facts._fields.index("level")  # from here on the facts are kept with the outcome
ESCAPED = {b"b": b"\b", b"f": b"\f", b"n": b"\n", b"r": b"\r", b"t": b"\t", b"v": b"\v"}

ESCAPES = {b"\\": rb"\\", b"\t": rb"\t", b"\n": rb"\n", b"\r": rb"\r"}
FEW = 10  # visits in a chunk whose statements are planned once a connection


def cell_of(value: bytes | None) -> bytes:
    """As COPY writes it."""
    if value is None:
        return NULL
    return re.sub(rb"[\\\t\n\r]", lambda found: ESCAPES[found[0]], value)


def text_of(cell: bytes) -> str | None:
    """What a cell of COPY says."""
    if cell == NULL:
        return None
    return re.sub(rb"\\(.)", lambda found: ESCAPED.get(found[1], found[1]), cell).decode()


@cache
def quoted(counter: str) -> str:
    return json.dumps(counter)


def as_text(counters: Mapping[str, int]) -> str:
    """As JSON; json.dumps would take longer over a visit than the adjudicator."""
    return f"{{{', '.join([f'{quoted(counter)}: {amount}' for counter, amount in counters.items()])}}}"


@dataclass(slots=True)
class Counters:
    """Somebody's counters of a year, held: the number of their row, and as text what they are now."""

    number: int
    used: dict[str, int]
    text: str
    touched: bool = False

    def add(self, delta: dict[str, int], sign: int = 1) -> None:
        for counter, amount in delta.items():
            left = self.used.get(counter, 0) + sign * amount
            if left:
                self.used[counter] = left
            else:
                self.used.pop(counter, None)
        self.text = as_text(self.used)
        self.touched = True


class Case(NamedTuple):
    """Visits with the same facts: how each is settled, and the end of the row that is written of it."""

    ruling: Ruling
    day: str
    end: str


@dataclass(slots=True)
class Work:
    """A chunk being settled. originals: of visits taken back year, state, amounts, delta, transfers.

    written: the rows of outcomes, as COPY takes them; of them states are counted, amounts added up in 分.
    """

    chunk: int
    rules: Rules
    counters: dict[tuple[int, int], Counters]
    originals: dict[int, tuple]
    purses: Purses
    written: list[str] = field(default_factory=list)
    states: Counter[str] = field(default_factory=Counter)
    total: int = 0
    fund: int = 0
    account: int = 0

    def case(self, facts: bytes) -> Case:
        cells = facts.split(b"\t")
        found = Facts(*map(text_of, cells))
        ruling = self.rules.ruling(found)
        kept = b"\t".join(cells[FOUND_IN_OUTCOME:]).decode()
        return Case(ruling, found.day, f"{self.chunk}\t{ruling.policy}\t{ruling.category}\t{kept}\n")

    def write(
        self, number: int, state: str, reason: str, amounts: tuple, before: str, delta: str, end: str,
        first_move: int | str = NONE, moves: int = 0,
    ) -> None:  # fmt: skip
        self.states[state] += 1
        if state == "held":
            amounts = (NONE,) * len(amounts)
        else:
            total, _deductible, fund, _over_limit, account, family, _cash = amounts
            self.total += total
            self.fund += fund
            self.account += account + family
        cells = "\t".join(map(str, amounts))
        counters = f"{before}\t{delta}".replace("\\", "\\\\")
        self.written.append(f"{number}\t{state}\t{reason}\t{cells}\t{counters}\t{first_move}\t{moves}\t{end}")

    @property
    def totals(self) -> dict[str, int]:
        return {**self.states, "total": self.total, "fund": self.fund, "account": self.account}


def settle_chunk(chunk: VisitChunk) -> None:
    """Settle the visits of a chunk whose row is held; says in it what came of them. Raises RunRefused."""
    with transaction.atomic(savepoint=False), uncollected():
        work = letting_go(lambda: adjudicated(chunk))
        if chunk.batch.kind == VisitBatchKind.HELD:
            take_off_hold(work)
        write(work)
        chunk.voucher_id = move(work.purses, scheme=chunk.batch.scheme, source=chunk.batch)
        chunk.totals = work.totals


def adjudicated(chunk: VisitChunk) -> Work:
    """What comes of a chunk's visits, with all that it rests on held; nothing is written."""
    scheme = chunk.batch.scheme
    counters, day = counters_of(chunk)
    rules = Rules(scheme)
    rows = rows_of(chunk, rules=rules, day=day)
    originals = originals_of(rows)
    purses = held(
        people=set(map(int, {row[PERSON] for row in rows})),
        facilities=set(map(int, {row[PAYEE] for row in rows})),
        given_back=[number for original in originals.values() for number in original[-1] or ()],
        scheme=scheme,
    )
    work = Work(chunk.pk, rules, counters, originals, purses)
    settle_rows(rows, work)
    return work


@contextmanager
def uncollected() -> Iterator[None]:
    """Without looks for circles of garbage, of which a chunk makes none: they took a third of its time."""
    collecting = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collecting:
            gc.enable()


def counters_of(chunk: VisitChunk) -> tuple[dict[tuple[int, int], Counters], date]:
    """The chunk's counters by person and year, held until the transaction ends, and its first day."""
    found = prepared("settlement/visit_counters_held", visits=chunk.visits)
    if not found or len(found) < int(found[0][4]):  # somebody else has opened some meanwhile
        found = prepared("settlement/visit_counters_held", visits=chunk.visits)
    counters = {
        (int(person), int(year)): Counters(int(number), json.loads(text), text.decode())
        for number, person, year, text, _wanted, _day in found
    }
    return counters, date.fromisoformat(found[0][-1].decode())


def rows_of(chunk: VisitChunk, *, rules: Rules, day: date) -> list[list[bytes]]:
    """The chunk's visits that are to be settled, each with its facts, in cells of COPY."""
    _version, book = rules.version_of(day)
    months = book.pack.values.get("newborn_enrolment_months")
    given = {
        "visits": chunk.visits,
        "selected": bool(book.pack.gates.selection_localities),
        "aged": book.by_age,
        "enrol_within": f"{months.entries[-1].figure if months else 0} months",
    }
    if chunk.rows <= FEW:
        found = [list(map(cell_of, row)) for row in prepared("settlement/visit_facts", **given)]
        return [[*row[:FACTS], b"\t".join(row[FACTS:])] for row in found]
    with connection.cursor() as cursor:
        cursor.execute("set local jit = off")
        with cursor.copy(f"copy ({statement('settlement/visit_facts')}) to stdout", given) as copy:
            return [bytes(line[:-1]).split(b"\t", FACTS) for line in copy]


def originals_of(rows: list[list[bytes]]) -> dict[int, tuple]:
    """What became of the visits taken back, by number; those of this very chunk are still to come."""
    wanted = [int(row[REVERSES]) for row in rows if row[REVERSES] != NULL]
    if not wanted:
        return {}
    return {
        number: (*found, json.loads(delta), transfers)
        for number, *found, delta, transfers in fetch("settlement/visit_originals", visits=wanted)
    }


def settle_rows(rows: list[list[bytes]], work: Work) -> None:
    """Settle each row in order."""
    taken_back = {int(row[REVERSES]) for row in rows if row[REVERSES] != NULL}
    cases: dict[bytes, Case] = {}
    counters, purses = work.counters, work.purses
    for row in rows:
        number, person, year, total, *costs, asked, drug, reverses, payee, facts = row
        case = cases.get(facts)
        if case is None:
            case = cases[facts] = work.case(facts)
        if reverses != NULL:
            take_back(row, case, work)
            continue
        ruling, day, end = case
        number, person, year, total = int(number), int(person), int(year), int(total)
        visit = Visit(total, *map(int, costs), (text_of(drug) or None) if drug else None, ruling.gate)
        mine = counters[person, year]
        before = mine.text
        outcome = adjudicate(visit, ruling.terms, mine.used)
        if outcome.delta:
            mine.add(outcome.delta)
        own = relatives = 0
        first = len(purses.moves)
        if person in purses.of and outcome.state != "held" and ruling.payers:
            part = total - outcome.fund
            if asked != NULL:
                part = min(int(asked), part)
            own, relatives = purses.spend(
                part, person=person, payers=ruling.payers, facility=int(payee), day=day
            )
        moves = len(purses.moves) - first
        amounts = amounts_of(outcome, total=total, own=own, relatives=relatives)
        work.write(
            number, outcome.state, outcome.reason or "", amounts, before, as_text(outcome.delta), end,
            first if moves else NONE, moves,
        )  # fmt: skip
        if number in taken_back:
            transfers = [Here(place) for place in range(first, first + moves)]
            work.originals[number] = (year, outcome.state, *amounts, dict(outcome.delta), transfers)


def amounts_of(outcome: Outcome, *, total: int, own: int, relatives: int) -> tuple:
    """Total, deductible, fund, over the limits, own account, relatives', cash; nothing while on hold."""
    if outcome.state == "held":
        return (None,) * 7
    cash = total - outcome.fund - own - relatives
    return total, outcome.deductible, outcome.fund, outcome.over_limit, own, relatives, cash


def take_back(row: list[bytes], case: Case, work: Work) -> None:
    """Give back exactly what a visit used (reading 9); zeros where it was on hold."""
    original = work.originals.get(int(row[REVERSES]))
    if original is None:
        raise RunRefused(_("A visit that is taken back is not settled itself yet: try again after it is."))
    year, _state, *amounts, delta, transfers = original
    mine = work.counters[int(row[PERSON]), year]
    before = mine.text
    if delta:
        mine.add(delta, -1)
    work.purses.back.extend(transfers or ())
    given_back = as_text({counter: -amount for counter, amount in delta.items()})
    amounts = [-(amount or 0) for amount in amounts]
    work.write(int(row[NUMBER]), "reversed", "", amounts, before, given_back, case.end)


def take_off_hold(work: Work) -> None:
    """Make room for the new outcomes of visits that were on hold."""
    with connection.cursor() as cursor:
        cursor.execute(
            "delete from settlement_visitoutcome where state = 'held' and visit_id = any (%s)",
            [[int(row.partition("\t")[0]) for row in work.written]],
        )


def write(work: Work) -> None:
    """The outcomes by COPY, the counters in one update."""
    with (
        connection.cursor() as cursor,
        cursor.copy(f"copy settlement_visitoutcome ({OUTCOME_COLUMNS}) from stdin") as copy,
    ):
        copy.write("".join(work.written))
    touched = [one for one in work.counters.values() if one.touched]
    prepared(
        "settlement/visit_counters_written",
        numbers=[one.number for one in touched],
        used=f"[{','.join([one.text for one in touched])}]",
    )
