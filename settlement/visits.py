"""Visits settled in bulk: a chunk of a batch, its counters, outcomes and money in one transaction.

SQL finds the facts, the one adjudicator runs over the rows in the order of people and time, and the outcomes
go back by COPY. The people's counters are held from before the facts are read until the transaction ends, in
the order of people; accounts after them, facilities' last. So of two files with the same people the second
waits, and the results are those of one after the other.
"""

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache

from django.db import connection, transaction
from django.utils.translation import gettext as _

from office.refusal import RunRefused
from office.statements import execute, fetch, statement
from policies.adjudicate import Outcome, Visit, adjudicate
from policies.month import Month
from settlement.models import VisitBatchKind, VisitChunk
from settlement.purses import Here, Purses, held, move
from settlement.rulings import Facts, Rules, Ruling, book_of

# Columns of a row before its facts, as `settlement/visit_facts.sql` gives them.
NUMBER, PERSON, YEAR, TOTAL, ELIGIBLE, CONSULTATION, DIAGNOSIS, ASKED, DRUG, REVERSES, PAYEE = range(11)
FACTS = 11
OUTCOME_COLUMNS = (
    "visit_id, chunk_id, policy_id, state, reason, category, level, station, locality, status, selected,"
    " selected_month, referred, newborn, diseases, found, birth_date, total, deductible, fund, over_limit,"
    " account, family_account, cash, before, delta, first_move, moves"
)
FOUND_IN_OUTCOME = Facts._fields.index("level")  # from here on the facts are kept with the outcome


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


@dataclass
class Work:
    """A chunk being settled. originals: of visits taken back year, state, amounts, delta, transfers."""

    chunk: int
    rules: Rules
    counters: dict[tuple[int, int], Counters]
    originals: dict[int, tuple]
    purses: Purses
    outcomes: list[tuple] = field(default_factory=list)


def settle_chunk(chunk: VisitChunk) -> None:
    """Settle the visits of a chunk whose row is held; says in it what came of them. Raises RunRefused."""
    scheme = chunk.batch.scheme
    with transaction.atomic():
        counters = counters_of(chunk)
        rows = rows_of(chunk, scheme=scheme)
        originals = originals_of(rows)
        purses = held(
            people={int(row[PERSON]) for row in rows},
            facilities={int(row[PAYEE]) for row in rows},
            given_back=[number for original in originals.values() for number in original[-1] or ()],
            scheme=scheme,
        )
        work = Work(chunk.pk, Rules(scheme), counters, originals, purses)
        settle_rows(rows, work)
        write(work, again=chunk.batch.kind == VisitBatchKind.HELD)
        voucher = move(purses, source=chunk.batch)
        chunk.voucher_id = voucher and voucher.pk
        chunk.totals = totals_of(work.outcomes)


def counters_of(chunk: VisitChunk) -> dict[tuple[int, int], Counters]:
    """The counters of the chunk's people by person and year, held until the transaction ends."""
    execute("settlement/visit_counters_opened", visits=chunk.visits)
    found = fetch("settlement/visit_counters_held", visits=chunk.visits)
    return {(person, year): Counters(number, json.loads(text), text) for number, person, year, text in found}


def rows_of(chunk: VisitChunk, *, scheme: str) -> list[tuple]:
    """The chunk's visits that are to be settled, each with its facts, all as texts."""
    [[day]] = fetch("settlement/visit_first_day", visits=chunk.visits)
    book = book_of(Rules(scheme).version_of(day))
    months = book.pack.values.get("newborn_enrolment_months")
    given = {
        "visits": chunk.visits,
        "selected": bool(book.pack.gates.selection_localities),
        "aged": book.by_age,
        "enrol_within": f"{months.entries[-1].figure if months else 0} months",
    }
    with connection.cursor() as cursor:
        cursor.execute("set local jit = off")
        with cursor.copy(f"copy ({statement('settlement/visit_facts')}) to stdout", given) as copy:
            return list(copy.rows())


def originals_of(rows: list[tuple]) -> dict[int, tuple]:
    """What became of the visits taken back, by number; those of this very chunk are still to come."""
    wanted = [int(row[REVERSES]) for row in rows if row[REVERSES]]
    if not wanted:
        return {}
    return {
        number: (*found, json.loads(delta), transfers)
        for number, *found, delta, transfers in fetch("settlement/visit_originals", visits=wanted)
    }


def settle_rows(rows: list[tuple], work: Work) -> None:
    """Settle each row in order."""
    taken_back = {int(row[REVERSES]) for row in rows if row[REVERSES]}
    rulings: dict[tuple, Ruling] = {}
    months: dict[str, Month] = {}
    purses, outcomes = work.purses, work.outcomes
    for row in rows:
        facts = row[FACTS:]
        ruling = rulings.get(facts)
        if ruling is None:
            ruling = rulings[facts] = work.rules.ruling(Facts(*facts))
        if row[REVERSES]:
            outcomes.append(taking_back(row, ruling, work))
            continue
        number, person, total = int(row[NUMBER]), int(row[PERSON]), int(row[TOTAL])
        visit = Visit(
            total,
            int(row[ELIGIBLE]),
            int(row[CONSULTATION]),
            int(row[DIAGNOSIS]),
            row[DRUG] or None,
            ruling.gate,
        )
        mine = work.counters[person, int(row[YEAR])]
        before = mine.text
        outcome = adjudicate(visit, ruling.terms, mine.used)
        if outcome.delta:
            mine.add(outcome.delta)
        account = family = 0
        first = len(purses.moves)
        if person in purses.of and outcome.state != "held" and ruling.payers:
            day, part = facts[0], total - outcome.fund
            month = months.get(day[:7]) or months.setdefault(day[:7], Month.parse(day[:7]))
            asked = part if row[ASKED] is None else min(int(row[ASKED]), part)
            account, family = purses.spend(
                asked, person=person, payers=ruling.payers, facility=row[PAYEE], day=day, month=month
            )
        moves = len(purses.moves) - first
        amounts = amounts_of(outcome, total=total, account=account, family=family)
        delta = as_text(outcome.delta)
        outcomes.append(
            (
                number, work.chunk, ruling.policy, outcome.state, outcome.reason or "", ruling.category,
                *facts[FOUND_IN_OUTCOME:], *amounts, before, delta, first if moves else None, moves,
            )
        )  # fmt: skip
        if number in taken_back:
            transfers = [Here(place) for place in range(first, first + moves)]
            work.originals[number] = (
                int(row[YEAR]), outcome.state, *amounts, dict(outcome.delta), transfers
            )  # fmt: skip


def amounts_of(outcome: Outcome, *, total: int, account: int, family: int) -> tuple:
    """Total, deductible, fund, over the limits, own account, relative's, cash; nothing while on hold."""
    if outcome.state == "held":
        return (None,) * 7
    cash = total - outcome.fund - account - family
    return total, outcome.deductible, outcome.fund, outcome.over_limit, account, family, cash


def taking_back(row: tuple, ruling: Ruling, work: Work) -> tuple:
    """The outcome that gives back exactly what a visit used (reading 9); zeros where it was on hold."""
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
    return (
        int(row[NUMBER]), work.chunk, ruling.policy, "reversed", "", ruling.category,
        *row[FACTS + FOUND_IN_OUTCOME :], *amounts, before, given_back, None, 0,
    )  # fmt: skip


def write(work: Work, *, again: bool) -> None:
    """Outcomes by COPY, `again` in place of those on hold; the counters in one update."""
    with connection.cursor() as cursor:
        if again:
            cursor.execute(
                "delete from settlement_visitoutcome where state = 'held' and visit_id = any (%s)",
                [[outcome[0] for outcome in work.outcomes]],
            )
        with cursor.copy(f"copy settlement_visitoutcome ({OUTCOME_COLUMNS}) from stdin") as copy:
            for outcome in work.outcomes:
                copy.write_row(outcome)
    touched = [one for one in work.counters.values() if one.touched]
    execute(
        "settlement/visit_counters_written",
        numbers=[one.number for one in touched],
        used=[one.text for one in touched],
    )


def totals_of(outcomes: list[tuple]) -> dict:
    """How many came to what, and in 分 what they cost, the fund and the accounts pay."""
    columns = OUTCOME_COLUMNS.split(", ")
    total, fund, own, family = map(columns.index, ("total", "fund", "account", "family_account"))
    return {
        **Counter(outcome[3] for outcome in outcomes),
        "total": sum(outcome[total] or 0 for outcome in outcomes),
        "fund": sum(outcome[fund] or 0 for outcome in outcomes),
        "account": sum((outcome[own] or 0) + (outcome[family] or 0) for outcome in outcomes),
    }
