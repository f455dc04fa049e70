"""Whatever happens to people, in whatever order, the months are those of a plain model in Python.

Files, steps by hand and selections, valid and not, mixed at random: database and model agree after each, and
nothing that was refused has left a trace.
"""

from dataclasses import dataclass, field
from decimal import Decimal
from itertools import pairwise
from operator import itemgetter

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from insured import endings, recording, spells
from insured.models import Person, PersonChange, Selection
from office import imports
from policies.month import Month, months_between
from tests.files import checked, enrolment
from tests.population import contract, insure

START = Month(2023, 1)
HORIZON = 14
BASES = ("1000.00", "2000.00", "3000.00")
BY = {"by": None, "reason": "材料"}

who = st.integers(0, 1)
months = st.integers(0, 8)
spans = st.none() | st.integers(0, 4)
bases = st.sampled_from(BASES)
rows = st.lists(st.tuples(who, months, spans, bases), min_size=1, max_size=3)


@dataclass
class Life:
    """Spells as (first, last or None, (status, base)), choices as (first, last, kind), and how to go back."""

    spells: list[tuple]
    chosen: list[tuple] = field(default_factory=list)
    died: int | None = None
    before: list["Life"] = field(default_factory=list)

    def at(self, month: int):
        return next((terms for first, last, terms in self.spells if reaches(first, last, month, month)), None)

    def months(self) -> dict[int, tuple]:
        return {
            month: terms
            for first, last, terms in self.spells
            for month in range(first, HORIZON if last is None else last + 1)
        }

    def replaced(self, begin: int, end: int | None, instead) -> list[tuple]:
        found = []
        for first, last, terms in self.spells:
            if not reaches(first, last, begin, end) or instead(terms) == terms:
                found.append((first, last, terms))
                continue
            if first < begin:
                found.append((first, begin - 1, terms))
            goes_on = end is not None and (last is None or last > end)
            if instead(terms):
                found.append((max(first, begin), end if goes_on else last, instead(terms)))
            if goes_on:
                found.append((end + 1, last, terms))
        return found

    def with_rows(self, mine: list[tuple]) -> list[tuple] | None:
        """The spells after the rows of a file, nothing when one of them is rejected: all fall together."""
        listed = [(first, None if span is None else first + span, base) for first, span, base in mine]
        for (first, last, _), (following, _, _) in pairwise(listed):
            if first == following or (last is not None and last >= following):
                return None
        restated = {first for first, _, _ in listed}
        after = [spell for spell in self.spells if spell[0] not in restated]
        known_ends = {first: last for first, last, _ in self.spells}
        for place, (first, last, base) in enumerate(listed):
            ends = last if last is not None else known_ends.get(first)
            if place + 1 < len(listed):
                cut = listed[place + 1][0] - 1
                ends = cut if ends is None else min(ends, cut)
            after = [(f, first - 1 if e is None and f < first else e, terms) for f, e, terms in after]
            if any(reaches(f, e, first, ends) for f, e, _terms in after):
                return None
            if self.died is not None and (ends is None or ends > self.died):
                return None
            after.append((first, ends, ("active", base)))
        return after


def reaches(first: int, last: int | None, begin: int, end: int | None) -> bool:
    return (end is None or first <= end) and (last is None or last >= begin)


class Lives(RuleBasedStateMachine):
    def __init__(self):
        super().__init__()
        self.undoing = transaction.atomic()
        self.undoing.__enter__()
        self.people = [
            insure(first=str(START), base="1000.00").pk,
            insure(first=str(START), base="1000.00").pk,
        ]
        self.lives = [Life([(0, None, ("active", "1000.00"))]) for _each in self.people]
        self.facility = contract()

    def teardown(self):
        transaction.set_rollback(True)
        self.undoing.__exit__(None, None, None)

    def person(self, one: int) -> Person:
        return Person.objects.get(pk=self.people[one])

    def step(self, one: int, act, after: list[tuple] | None, **given) -> bool:
        """Do it by hand; `after` are the spells it leads to, nothing where it must be refused."""
        life = self.lives[one]
        if after is None or (after == life.spells and "day" not in given):
            with pytest.raises(ValidationError), transaction.atomic():
                act(self.person(one), **given, **BY)
            return False
        act(self.person(one), **given, **BY)
        life.before.append(Life(life.spells, life.chosen, life.died))
        life.spells = after
        return True

    @rule(file=rows)
    def enter_a_file(self, file):
        people = [self.person(0), self.person(1)]
        lines = [
            enrolment(
                证件号码=people[one].document_number,
                姓名=people[one].name,
                生效年月=str(START + first),
                终止年月="" if span is None else str(START + first + span),
                月缴费基数=base,
            )
            for one, first, span, base in file
        ]
        found = checked(lines)
        if found.counts["rejected"] < found.counts["rows"] and not found.repeats:
            imports.apply(found, by=None)
        elif found.repeats:
            return
        for one, life in enumerate(self.lives):
            mine = sorted((row[1:] for row in file if row[0] == one), key=itemgetter(0))
            if mine and (after := life.with_rows(mine)) is not None:
                life.spells, life.before = after, []  # what was done by hand before is not undone past a file

    @rule(one=who, month=months)
    def retire(self, one, month):
        life = self.lives[one]
        possible = life.at(month) and life.at(month)[0] != "retired"
        after = life.replaced(month, None, lambda terms: ("retired", None)) if possible else None
        self.step(one, spells.retire, after, completed=START + month - 1, group="enterprise")

    @rule(one=who, month=months, base=bases)
    def return_to_work(self, one, month, base):
        life = self.lives[one]
        possible = life.at(month) and life.at(month)[0] == "retired"
        after = life.replaced(month, None, lambda terms: ("active", base)) if possible else None
        self.step(one, spells.return_to_work, after, month=START + month, base=Decimal(base))

    @rule(one=who, month=months, span=spans, base=bases)
    def change(self, one, month, span, base):
        life, last = self.lives[one], None if span is None else month + span
        after = life.replaced(month, last, lambda terms: (terms[0], base)) if life.at(month) else None
        given = {"month": START + month, "last": None if last is None else START + last}
        self.step(one, spells.change, after, base=Decimal(base), **given)

    @rule(one=who, month=months, span=spans)
    def suspend(self, one, month, span):
        life, last = self.lives[one], None if span is None else month + span
        after = life.replaced(month, last, lambda terms: None) if life.at(month) else None
        given = {"month": START + month, "last": None if last is None else START + last}
        self.step(one, spells.suspend, after, **given)

    @rule(one=who, month=months)
    def resume(self, one, month):
        life = self.lives[one]
        earlier = [spell for spell in life.spells if spell[1] is not None and spell[1] < month]
        later = [spell[0] for spell in life.spells if spell[0] > month]
        after = None
        if earlier and not life.at(month) and (life.died is None or month <= life.died):
            ends = min(later) - 1 if later else life.died
            after = [*life.spells, (month, ends, max(earlier, key=itemgetter(0))[2])]
        self.step(one, spells.resume, after, month=START + month)

    @rule(one=who, month=months, kind=st.sampled_from(["died", "emigrated"]))
    def end(self, one, month, kind):
        life = self.lives[one]
        begun = not life.spells or month >= min(first for first, _last, _terms in life.spells)
        something = any(last is None or last > month for _first, last, _terms in life.spells)
        possible = life.died is None and begun and (kind == "died" or something)
        after = life.replaced(month + 1, None, lambda terms: None) if possible else None
        day = (START + month).last_day
        if self.step(one, endings.end, after, kind=kind, day=day):
            life.chosen = [(f, min(e, month), how) for f, e, how in life.chosen if f <= month]
            life.died = month if kind == "died" else None

    @rule(
        one=who, month=st.integers(0, 13), span=st.integers(0, 11), kind=st.sampled_from(["first", "change"])
    )
    def choose(self, one, month, span, kind):
        life = self.lives[one]
        last = min(month + span, 11 if month < 12 else 23)
        choice = Selection(person=self.person(one), facility=self.facility, kind=kind)
        choice.first_month, choice.last_month = START + month, START + last
        same_year = [how for first, _last, how in life.chosen if (first < 12) == (month < 12)]
        if any(reaches(*row[:2], month, last) for row in life.chosen) or kind == "first" in same_year:
            with pytest.raises((ValidationError, IntegrityError)), transaction.atomic():
                choice.full_clean()
                choice.save()
            return
        choice.full_clean()
        choice.save()
        life.chosen, life.before = [*life.chosen, (month, last, kind)], []

    @precondition(lambda self: any(life.before for life in self.lives))
    @rule(one=who)
    def undo(self, one):
        life = self.lives[one]
        if life.before:
            latest = PersonChange.objects.filter(person=self.people[one], undone=None).exclude(kind="undone")
            recording.undo(latest.order_by("pk").last(), **BY)
            was = life.before.pop()
            life.spells, life.chosen, life.died = was.spells, was.chosen, was.died

    @invariant()
    def database_and_model_agree(self):
        for number, life in zip(self.people, self.lives, strict=True):
            person = Person.objects.get(pk=number)
            assert person.died_on == (None if life.died is None else (START + life.died).last_day)
            assert months_of(person.enrolments.all(), terms) == life.months()
            chosen = {month: how for first, last, how in life.chosen for month in range(first, last + 1)}
            assert months_of(person.selections.all(), lambda choice: choice.kind) == chosen


def terms(spell) -> tuple:
    return spell.status, spell.base and str(spell.base)


def months_of(rows, told) -> dict[int, object]:
    """What holds in each month by the rows on record."""
    found: dict[int, object] = {}
    for row in rows:
        for month in months_between(row.first_month, row.last_month or START + HORIZON - 1):
            assert month - START not in found, "twice in one month"
            found[month - START] = told(row)
    return found


@pytest.mark.django_db
def test_database_and_model_agree_whatever_happens():
    quietly = settings(
        max_examples=15, stateful_step_count=15, deadline=None, suppress_health_check=list(HealthCheck)
    )
    run_state_machine_as_test(Lives, settings=quietly)
