"""What the history written by triggers costs: an import of 100 000 people and an update of 200 000.

Run: `python -m bench.history`. With the triggers and without, in turn, in one run.
"""

import os
import sys
from pathlib import Path
from statistics import median

from bench._city import city, owner, timed
from bench.imports import _write

UPDATE = "update insured_person set phone = %s where id <= 200000"


def main(people: int = 100_000) -> None:
    with city(people=200_000):
        figures: dict[str, list[float]] = {}
        for seed in range(1, 7):
            recorded = "recorded" if seed % 2 else "not recorded"
            switch_triggers(on=recorded == "recorded")
            times: dict[str, float] = {}
            _import(people, seed, recorded, times)
            _update(seed, recorded, times)
            print("  ".join(f"{label} {seconds:.2f} s" for label, seconds in times.items()), flush=True)
            for label, seconds in times.items():
                figures.setdefault(label, []).append(seconds)
        for what in ("check and apply", "apply", "update"):
            with_it, without = (median(figures[f"{what} {how}"]) for how in ("recorded", "not recorded"))
            print(f"  {what:16} {with_it:6.2f} s recorded, {without:6.2f} s not: {with_it / without:.2f} ×")


def switch_triggers(*, on: bool) -> None:
    from office.history import recorded_tables

    with owner() as connection:
        for table, _function, _arguments in recorded_tables():
            connection.execute(f"alter table {table} {'enable' if on else 'disable'} trigger user")


def _update(seed: int, recorded: str, times: dict[str, float]) -> None:
    from django.db import connection

    with connection.cursor() as cursor:
        with timed(f"update {recorded}", times):
            cursor.execute(UPDATE, [f"1380000{seed:04}"])
        cursor.execute("vacuum analyze insured_person")


def _import(people: int, seed: int, recorded: str, times: dict[str, float]) -> None:
    from office import imports
    from office.models import Origin

    file = Path(os.environ["DATA_DIR"]) / f"{seed}.xlsx"
    _write(file, people=people, seed=seed)
    with timed(f"check and apply {recorded}", times):
        with open(file, "rb") as content:
            uploaded = imports.upload(
                layout="enrolments", name=file.name, content=content, by=None, origin=Origin.COMMAND_LINE
            )
        checked = imports.check(uploaded)
        with timed(f"apply {recorded}", times):
            imports.apply(checked, by=None)


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
