"""A year's visits settled again under other benefit figures: the goal is 1 000 000 within 60 s on two cores.

Run: `python -m bench.benefit_trial [visits] [people]`. Visits are settled as a file is, then tried out with
other limits by `monitoring.benefit_trials.work`, by one and by two workers, each a process of its own. Beside
wall-clock time it tells the processor time of the workers, which other work on the machine hardly lengthens,
and the most memory a worker held. The floor is a bare fetch of the visits and a plain loop.
"""

import os
import sys

from bench._city import city
from bench.visits import FLOOR, READY, WORKER, _batch, _run, town

TRY = READY.format(
    imported="from monitoring.benefit_trials import work",
    call="work({batch}); import resource; used = resource.getrusage(resource.RUSAGE_SELF);"
    " print('  worker: %.1f s of processor, %d MB' % (used.ru_utime + used.ru_stime, used.ru_maxrss // 1024),"
    " file=sys.stderr, flush=True)",
)


def main(visits: int = 1_000_000, people: int = 300_000) -> None:
    with city(people=people):
        town(people)
        batch = _batch(visits, people=people, first=1)
        _run(WORKER, batch, visits=visits, workers=2)
        vacuumed()
        print(f"{visits} settled visits of {people} people", flush=True)
        floor = _run(FLOOR, batch, visits=visits, workers=2)
        print(f"  floor, 2 processes: {visits / floor:.1f} s", flush=True)
        for workers in (1, 2):
            rate = _run(TRY, asked(), visits=visits, workers=workers)
            print(f"  ours, {workers} process{'es' * (workers > 1)}: {visits / rate:.1f} s", flush=True)
        look_again(visits)


def vacuumed() -> None:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("vacuum analyze")


def asked() -> int:
    """A trial of a lower rate for everybody and a higher limit."""
    from django.contrib.auth.models import Group

    from monitoring.benefit_trials import ask
    from office.models import Staff
    from office.policy import newest_version

    officer, new = Staff.objects.get_or_create(
        username="officer", defaults={"display_name": "officer", "whole_city": True}
    )
    if new:
        officer.groups.add(Group.objects.get(name="policy_officer"))
    figures = {"visit_limit": {"primary": 50, "secondary": 100, "tertiary": 120}, "annual_limit": 2000}
    policy = newest_version(scheme="310")
    return ask(name="bench", policy=policy, year=2023, figures=figures, by=officer).pk


def look_again(visits: int) -> None:
    """Every visit is in it, each as it was settled."""
    from monitoring.benefit_sums import read
    from monitoring.models import BenefitTrial

    for trial in BenefitTrial.objects.all():
        sums = read(trial.result)
        assert sum(month.visits for month in sums.months.values()) == visits
        assert sums.differing == 0 and sums.everybody.lost > 0


if __name__ == "__main__":
    os.environ.setdefault("PYTHONPATH", os.getcwd())
    main(*map(int, sys.argv[1:]))
