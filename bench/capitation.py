"""A month's prepayment of the facilities from everybody's selections, beside the bare aggregate.

Run: `python -m bench.capitation [people] [facilities]`. The floor counts the selections of a month by
facility and asks nothing else. Between it and the run stands the count of heads alone, which asks of each
person too whether they are insured and alive. Ours is the whole computing of the run: heads counted and
written down with who they are and a digest, lines, ledger lines, totals. Medians of five months.
"""

import sys
from statistics import median

from bench._city import city, timed
from bench.imports import processor_seconds
from bench.visits import town

FLOOR = """
    select facility_id, count(*) from insured_selection
    where first_month <= %(month)s and last_month >= %(month)s group by facility_id
"""


def main(people: int = 1_000_000, facilities: int = 1_000) -> None:
    with city(people=people):
        from office.models import Staff
        from policies.month import Month

        town(people, facilities)
        clerk = Staff.objects.create_superuser("clerk", display_name="clerk")
        figures: dict[str, list[float]] = {}
        for number in range(5):
            _month(Month(2023, 1 + number), figures, clerk=clerk, facilities=facilities)
        print(f"{people} selections, {facilities} facilities; floor {median(figures['floor']):.2f} s")
        for label in ("heads", "run"):
            wall, spent = (
                median(figures[label + what]) / median(figures["floor" + what])
                for what in ("", ", processor")
            )
            print(f"  {label}: {wall:.1f} × the floor, {spent:.1f} × its processor time")


def _month(month, figures: dict[str, list[float]], *, clerk, facilities: int) -> None:
    from django.db import connection

    from office import runs
    from settlement.heads import heads_of

    def floor() -> None:
        with connection.cursor() as cursor:
            cursor.execute(FLOOR, {"month": month.first_day})
            assert len(cursor.fetchall()) == facilities

    run = runs.prepare(kind="prepayment", scheme="310", period=month, by=clerk, origin="page")
    for label, work in (
        ("floor", floor),
        ("heads", lambda: heads_of(scheme="310", month=month)),
        ("run", lambda: runs.compute(run.pk)),
    ):
        times: dict[str, float] = {}
        before = processor_seconds()
        with timed(label, times):
            work()
        figures.setdefault(label, []).append(times[label])
        figures.setdefault(f"{label}, processor", []).append(processor_seconds() - before)
    assert run.prepayments.count() == facilities


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
