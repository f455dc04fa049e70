"""Adjudications per second on one core, in memory, without explanation; next to the machine's plain loop.

Run: ``python bench/adjudicate.py [visits]``. For each shipped pack a year of random visits, twenty a person,
terms resolved beforehand as in a bulk run, counters kept per person.
"""

from __future__ import annotations

import random
import sys
import time
from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

from policies.adjudicate import Terms, Visit, adjudicate, book
from policies.pack import Pack, available_packs, load_pack
from policies.parameters import with_parameters
from policies.terms import TermsBook

INPATIENT = {
    "inpatient_rate": {
        "active": {"primary": 90, "secondary": 85, "tertiary": 80},
        "retired": {"primary": 92, "secondary": 87, "tertiary": 82},
    },
    "inpatient_deductible": {
        "primary": Decimal("200.00"),
        "secondary": Decimal("400.00"),
        "tertiary": Decimal("600.00"),
    },
    "inpatient_limit": Decimal("60000.00"),
}


def work(pack: Pack, count: int) -> list[tuple[Visit, Terms, dict[str, int]]]:
    """Random visits with their terms and their person's counters, everything but the arithmetic done."""
    draw = random.Random(20230101)
    terms = TermsBook(pack)
    people: list[dict[str, int]] = [{} for _ in range(count // 20 + 1)]
    first = date(2023, 1, 1)
    items = []
    for _ in range(count):
        day = first + timedelta(days=draw.randrange(365))
        eligible = draw.randrange(1, 200_000)
        case = terms.case(
            day,
            category=draw.choice([name for name, spec in pack.categories.items() if spec.lines]),
            level=draw.choice(("primary", "secondary", "tertiary")),
            status=draw.choice(("active", "retired")),
            born=date(draw.randrange(1940, 2000), 5, 1),
            disease="uremia",
            diseases=frozenset({"uremia", "other"}),
        )
        visit = Visit(eligible + 1000, eligible, draw.randrange(2) * min(eligible, 1000), 0, "drug")
        items.append((visit, terms.terms(day, case), draw.choice(people)))
    return items


def settle(items: list[tuple[Visit, Terms, dict[str, int]]]) -> int:
    paid = 0
    for visit, terms, used in items:
        outcome = adjudicate(visit, terms, used)
        book(used, outcome)
        paid += outcome.fund
    return paid


def plain_loop(items: list[tuple[Visit, Terms, dict[str, int]]]) -> int:
    """The same walk with one line of integer arithmetic: what Python itself can do here."""
    paid = 0
    for visit, _, used in items:
        amount = min(visit.eligible * 70 // 100, 6000, 180_000 - used.get("floor", 0))
        used["floor"] = used.get("floor", 0) + amount
        paid += amount
    return paid


def speed(function: Callable[[list], int], items: list) -> float:
    start = time.process_time()
    function(items)
    return len(items) / (time.process_time() - start)


def main(count: int) -> None:
    print(f"{'pack':<14}{'visits/s':>12}{'plain loop/s':>14}{'ratio':>8}")
    for name in available_packs():
        items = work(with_parameters(load_pack(name), INPATIENT), count)
        settled, floor = speed(settle, items), speed(plain_loop, items)
        print(f"{name:<14}{settled:>12,.0f}{floor:>14,.0f}{settled / floor:>8.2f}")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 200_000)
