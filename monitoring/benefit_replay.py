"""Some people's visits of a year settled again, by the terms they were settled by and by those tried out.

Both begin the year with nothing used and go visit by visit in the order in which they were settled, each by
the facts found then. What bars a visit is asked of the rules tried out too; whether somebody was insured,
referred or filed, and how often they saw a doctor, stays as it was. Nothing is written.
"""

from collections.abc import Iterable, Iterator
from datetime import date
from itertools import groupby
from typing import NamedTuple

from django.db import connection

from monitoring.benefit_sums import UNKNOWN_AGE, Month, Sums, age_group
from office.models import PolicyVersion
from office.statements import statement
from policies.adjudicate import Outcome, Terms, Visit, adjudicate, book, unbook
from policies.terms import TermsBook, settled_as
from settlement.rulings import Facts, book_of, gate_of, terms_of
from settlement.visits import text_of

# Cells of a row of `monitoring/benefit_visits.sql`; from FACTS on they are taken as one.
NUMBER, PERSON, REVERSES, REVERSED, TOTAL, ELIGIBLE, CONSULTATION, DIAGNOSIS, DRUG = range(9)
STATE, FUND, DEDUCTIBLE, BORN, FACTS = range(9, 14)
NULL, YES, PAID = b"\\N", b"t", b"paid"
# Who pays the person's part is no step of the rules.
NO_ACCOUNTS = {"pharmacy": "f", "accounts_contracted": "f"}
GIVEN = [name for name in Facts._fields if name not in NO_ACCOUNTS]


class Ruling(NamedTuple):
    gate: str | None
    terms: Terms | None


class Case(NamedTuple):
    """Visits with the same facts: how each is settled by either rules."""

    month: int
    level: str
    status: str
    before: Ruling
    after: Ruling


class Settled(NamedTuple):
    """What a visit came to that is taken back later; `paid`: before and after, and visits, at its level."""

    month: Month
    paid: list[int]
    before: Outcome
    after: Outcome


class Rules:
    """The versions by which a scheme's visits were settled, and the rules tried out instead.

    All are read ahead: while rows come in by COPY, nothing else can be asked of the database.
    """

    def __init__(self, tried: PolicyVersion, *, scheme: str) -> None:
        self.tried = book_of(tried)
        self.versions = {
            version.pk: book_of(version) for version in PolicyVersion.objects.filter(scheme=scheme)
        }
        self._cases: dict[bytes, Case] = {}

    def case(self, cells: bytes) -> Case:
        found = self._cases.get(cells)
        if found is None:
            policy, *texts = map(text_of, cells.split(b"\t"))
            facts = Facts(**dict(zip(GIVEN, texts, strict=True)), **NO_ACCOUNTS)
            before, after = (_ruling(book, facts) for book in (self.versions[int(policy)], self.tried))
            month = int(facts.day[5:7])
            found = self._cases[cells] = Case(month, facts.level, facts.status, before, after)
        return found

    def forget_cases(self) -> None:
        """With ages or diseases there may be nearly as many as visits."""
        self._cases.clear()


def replay(*, scheme: str, year: int, first: int, after: int, rules: Rules) -> Sums:
    """The sums of the people with numbers from `first` to before `after`."""
    sums = Sums()
    given = {"scheme": scheme, "year": year, "first": first, "after": after}
    for _person, rows in groupby(_rows(given), key=lambda row: row[PERSON]):
        _replay_person(rows, rules=rules, sums=sums, year=year)
    return sums


def _rows(given: dict) -> Iterator[list[bytes]]:
    with connection.cursor() as cursor:
        cursor.execute("set local jit = off")
        with cursor.copy(f"copy ({statement('monitoring/benefit_visits')}) to stdout", given) as copy:
            for line in copy:
                yield bytes(line[:-1]).split(b"\t", FACTS)


def _replay_person(rows: Iterable[list[bytes]], *, rules: Rules, sums: Sums, year: int) -> None:
    used_before: dict[str, int] = {}
    used_after: dict[str, int] = {}
    by_level: dict[str, list[int]] = {}
    settled: dict[bytes, Settled] = {}
    status, born = "", 0
    for row in rows:
        if row[REVERSES] != NULL:
            original = settled.pop(row[REVERSES], None)  # of another year: it counts there
            if original is not None:
                _take_back(original, used_before, used_after)
            continue
        case = rules.case(row[FACTS])
        total, *costs = map(int, row[TOTAL:DRUG])
        drug = (text_of(row[DRUG]) or None) if row[DRUG] else None
        before = adjudicate(Visit(total, *costs, drug, case.before.gate), case.before.terms, used_before)
        after = adjudicate(Visit(total, *costs, drug, case.after.gate), case.after.terms, used_after)
        book(used_before, before)
        book(used_after, after)
        _look_again(row, before, sums)
        month = sums.months.get(case.month)
        if month is None:
            month = sums.months[case.month] = Month()
        month.visits += 1
        month.before += before.fund
        month.after += after.fund
        paid = by_level.setdefault(case.level, [0, 0, 0])
        paid[0] += before.fund
        paid[1] += after.fund
        paid[2] += 1
        status, born = case.status, int(row[BORN])
        if row[REVERSED] == YES:
            settled[row[NUMBER]] = Settled(month, paid, before, after)
        else:
            sums.changed += (before.state, before.fund) != (after.state, after.fund)
            sums.held_before += before.state == "held"
            sums.held_after += after.state == "held"
    standing = {level: paid for level, (*paid, visits) in by_level.items() if visits}
    if standing:
        age = age_group(year - born) if born else UNKNOWN_AGE
        sums.take(status=status, age=age, by_level=standing)


def _take_back(original: Settled, used_before: dict[str, int], used_after: dict[str, int]) -> None:
    """Give back exactly what the visit used, as settlement does (reading 9)."""
    unbook(used_before, original.before)
    unbook(used_after, original.after)
    original.month.visits -= 1
    original.month.before -= original.before.fund
    original.month.after -= original.after.fund
    original.paid[0] -= original.before.fund
    original.paid[1] -= original.after.fund
    original.paid[2] -= 1


def _look_again(row: list[bytes], before: Outcome, sums: Sums) -> None:
    """Whether the visit comes to what is stored of it."""
    fund = int(row[FUND])
    if (
        row[STATE].decode() != before.state
        or fund != before.fund
        or int(row[DEDUCTIBLE]) != before.deductible
    ):
        sums.differing += 1
        sums.differing_by += fund - before.fund


def _ruling(book: TermsBook, facts: Facts) -> Ruling:
    day = date.fromisoformat(facts.day)
    category = settled_as(book.pack, facts.category)
    gate = gate_of(book, facts, category=category, day=day)
    return Ruling(gate, None if gate else terms_of(book, facts, category=category, day=day))
