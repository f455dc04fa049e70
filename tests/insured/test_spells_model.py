"""Whatever files come in, in whatever order, the months are those of a plain dictionary."""

from itertools import pairwise
from operator import itemgetter

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from insured.documents import document_index
from insured.models import Enrolment
from office import imports
from office.models import ImportState
from policies.month import Month, months_between
from tests.files import checked, enrolment
from tests.population import identity_card

START = Month(2023, 1)
HORIZON = 14

rows = st.tuples(
    st.integers(0, 1),
    st.integers(0, 8),
    st.none() | st.integers(0, 4),
    st.sampled_from(["1000.00", "2000.00", "3000.00"]),
)
files = st.lists(st.lists(rows, min_size=1, max_size=4), min_size=1, max_size=5)


class Model:
    """Spells of a person as (first, last or None, base), and the rules of the layout in words of Python."""

    def __init__(self):
        self.spells: dict[int, list[list]] = {0: [], 1: []}

    def take(self, file) -> None:
        for person in (0, 1):
            mine = sorted((row[1:] for row in file if row[0] == person), key=itemgetter(0))
            if (after := self.with_rows(self.spells[person], mine)) is not None:
                self.spells[person] = after

    def with_rows(self, before, mine):
        """The spells after the rows, or nothing when any of them is rejected: they fall together."""
        listed = [(first, None if span is None else first + span, base) for first, span, base in mine]
        for (first, last, _), (following, _, _) in pairwise(listed):
            if first == following or (last is not None and last >= following):
                return None
        restated = {first for first, _, _ in listed}
        after = [list(spell) for spell in before if spell[0] not in restated]
        known_ends = {first: last for first, last, _ in before}
        for place, (first, last, base) in enumerate(listed):
            ends = last if last is not None else known_ends.get(first)
            if place + 1 < len(listed):
                cut = listed[place + 1][0] - 1
                ends = cut if ends is None else min(ends, cut)
            for spell in after:
                if spell[1] is None and spell[0] < first:
                    spell[1] = first - 1
            if any(
                (ends is None or spell[0] <= ends) and (spell[1] is None or spell[1] >= first)
                for spell in after
            ):
                return None
            after.append([first, ends, base])
        return after

    def months(self, person: int) -> dict[int, str]:
        return {
            month: base
            for first, last, base in self.spells[person]
            for month in range(first, HORIZON if last is None else last + 1)
        }


def as_row(who: int, first: int, span: int | None, base: str) -> dict[str, str]:
    last = "" if span is None else str(START + first + span)
    return enrolment(证件号码=identity_card(who), 生效年月=str(START + first), 终止年月=last, 月缴费基数=base)


def months_on_record(who: int) -> dict[int, str]:
    spells = Enrolment.objects.filter(person__document_index=document_index(identity_card(who)))
    found: dict[int, str] = {}
    for spell in spells:
        last = spell.last_month or START + HORIZON - 1
        for month in months_between(spell.first_month, last):
            assert month - START not in found, "two spells in one month"
            found[month - START] = str(spell.base)
    return found


class SpellsAreTheModelsMonths(TestCase):
    @settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
    @given(files)
    def test_months(self, several):
        model = Model()
        for file in several:
            state = checked([as_row(*row) for row in file])
            assert state.state == ImportState.CHECKED
            if state.counts["rejected"] < state.counts["rows"] and not state.repeats:
                imports.apply(state, by=None)
                model.take(file)
            elif state.counts["rejected"] == state.counts["rows"]:
                model.take(file)
            for who in (0, 1):
                assert months_on_record(who) == model.months(who)
