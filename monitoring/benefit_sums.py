"""What is kept of a benefit trial: sums by month and by groups of people in 分, nothing of anybody alone.

Parts of the city add up; what is shown of them (`told`) leaves no group of fewer than FEWEST people, so that
nobody can be told from it.
"""

import heapq
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field

AGES = (0, 18, 45, 60, 75)  # the first year of each group, counted on the last day of the year
UNKNOWN_AGE = -1
FEWEST = 5
SHOWN = 20  # of the largest gains, and of the largest losses
OTHERS = ("", UNKNOWN_AGE, "")


@dataclass(slots=True)
class Group:
    """People for whom the fund pays more, less and the same, what it pays more and less, and in all."""

    people: int = 0
    gaining: int = 0
    losing: int = 0
    gained: int = 0
    lost: int = 0
    before: int = 0
    after: int = 0

    def take(self, before: int, after: int) -> None:
        """One more person."""
        self.people += 1
        self.before += before
        self.after += after
        if after > before:
            self.gaining += 1
            self.gained += after - before
        elif after < before:
            self.losing += 1
            self.lost += before - after

    def join(self, other: "Group") -> None:
        for name in self.__slots__:
            setattr(self, name, getattr(self, name) + getattr(other, name))


@dataclass(slots=True)
class Month:
    visits: int = 0
    before: int = 0
    after: int = 0


@dataclass(slots=True)
class Sums:
    """Of a part of the people, or of all.

    groups: by status, first age and level; who went to facilities of several levels is in several.
    changed: visits that come to something else; differing: visits settled otherwise than by their version's
    terms and the visits before them, and by how much the fund paid more for those than it would.
    """

    months: dict[int, Month] = field(default_factory=dict)
    groups: dict[tuple[str, int, str], Group] = field(default_factory=dict)
    everybody: Group = field(default_factory=Group)
    gains: list[int] = field(default_factory=list)
    losses: list[int] = field(default_factory=list)
    changed: int = 0
    held_before: int = 0
    held_after: int = 0
    differing: int = 0
    differing_by: int = 0

    def take(self, *, status: str, age: int, by_level: dict[str, list[int]]) -> None:
        """One more person, with what the fund pays before and after at each level."""
        before = after = 0
        for level, (was, would) in by_level.items():
            self.groups.setdefault((status, age, level), Group()).take(was, would)
            before, after = before + was, after + would
        self.everybody.take(before, after)
        if after > before:
            _keep(self.gains, after - before)
        elif after < before:
            _keep(self.losses, before - after)

    def join(self, other: "Sums") -> None:
        for number, month in other.months.items():
            mine = self.months.setdefault(number, Month())
            mine.visits += month.visits
            mine.before += month.before
            mine.after += month.after
        for key, group in other.groups.items():
            self.groups.setdefault(key, Group()).join(group)
        self.everybody.join(other.everybody)
        for mine, others in ((self.gains, other.gains), (self.losses, other.losses)):
            for amount in others:
                _keep(mine, amount)
        for name in ("changed", "held_before", "held_after", "differing", "differing_by"):
            setattr(self, name, getattr(self, name) + getattr(other, name))

    def stored(self) -> dict:
        """As JSON."""
        return asdict(self) | {
            "groups": [[*key, asdict(group)] for key, group in self.groups.items()],
            "months": [[number, asdict(month)] for number, month in sorted(self.months.items())],
        }


def read(stored: dict) -> Sums:
    return Sums(
        **stored
        | {
            "groups": {tuple(key): Group(**group) for *key, group in stored["groups"]},
            "months": {number: Month(**month) for number, month in stored["months"]},
            "everybody": Group(**stored["everybody"]),
        }
    )


def told(parts: Iterable[Sums]) -> Sums:
    """The sums of all parts, with what is of too few people put together or left out."""
    sums = Sums()
    for part in parts:
        sums.join(part)
    sums.groups = without_few(sums.groups)
    sums.gains, sums.losses = _averaged(sums.gains), _averaged(sums.losses)
    return sums


def without_few(groups: dict[tuple, Group]) -> dict[tuple, Group]:
    """Groups of fewer than FEWEST people become one, and take in the next larger while that is small too."""
    kept, others = {}, Group()
    for key, group in sorted(groups.items(), key=lambda item: item[1].people):
        if group.people < FEWEST or 0 < others.people < FEWEST:
            others.join(group)
        else:
            kept[key] = group
    found = dict(sorted(kept.items()))
    return found | {OTHERS: others} if others.people >= FEWEST else found


def age_group(age: int) -> int:
    return max((first for first in AGES if first <= age), default=UNKNOWN_AGE)


def _keep(largest: list[int], amount: int) -> None:
    if len(largest) < SHOWN:
        heapq.heappush(largest, amount)
    elif amount > largest[0]:
        heapq.heapreplace(largest, amount)


def _averaged(amounts: list[int]) -> list[int]:
    """The largest amounts, each the average of FEWEST people."""
    ordered = sorted(amounts, reverse=True)
    whole = range(0, len(ordered) - FEWEST + 1, FEWEST)
    return [sum(ordered[first : first + FEWEST]) // FEWEST for first in whole]
