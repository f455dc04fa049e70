"""What is left of limits and deductibles: told after a visit, and of a year."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from policies.adjudicate import SCALE, TWELFTHS, Terms
from policies.money import round_half_up


class Room(NamedTuple):
    """What is left of a limit or a deductible after a visit, in 分; ``most`` None: counted, not limited."""

    kind: str  # limit | deductible
    counter: str
    article: str
    most: int | None
    used: int

    @property
    def left(self) -> int | None:
        return None if self.most is None else max(self.most - self.used, 0)


def rooms_of(terms: Terms, used: Mapping[str, int], *, drug: str | None = None) -> list[Room]:
    """Of each deductible of the year and each limit of these terms, what is used and what is left."""
    rooms: dict[str, Room] = {}
    for line in terms.lines:
        counter = line.deductible_counter
        if counter is not None:
            counter = f"{counter}:{drug}" if line.per_drug else counter
            most = round_half_up(line.deductible, TWELFTHS)
            article = line.articles["deductible"]
            rooms[counter] = Room("deductible", counter, article, most, used.get(counter, 0))
        for limit in (*line.limits, *(line.beyond.limits if line.beyond else ())):
            most = None if limit.most is None else round_half_up(limit.most, SCALE)
            rooms[limit.counter] = Room(
                "limit", limit.counter, limit.article, most, used.get(limit.counter, 0)
            )
    return list(rooms.values())
