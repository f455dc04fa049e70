"""A month's credit of 1 000 000 personal accounts: against the bare two statements, and against an ORM loop.

Run: `python -m bench.credit [people] [part …]`, the parts being `workers` (two at once), `year` (with twelve
months of entries there), `loop` (of `save()`) and `growth` (five times as many accounts); without any, all.

The floor is one `INSERT … SELECT` of the transfers and one `UPDATE` of the balances, in one transaction, on
copies of the same tables with the same indexes. Ours is the whole run: lines, chunks, exceptions and totals
(compute), then transfers, balances, digests and seal (post). Ratios are told by the clock and, for machines
that others use too, by processor time of portal and server together.
"""

import random
import sys
import threading
from statistics import median

from bench._city import city, insure, timed
from bench._processor import measured, peak_megabytes

PARTS = ("workers", "year", "loop", "growth")
GROWTH = 5
FLOOR = (
    """
    insert into floor_transfer
        (debit_id, credit_id, amount, kind, month, covers, attempt, run_id, chunk, created_at)
    select
        case when spell.status = 'retired' then -1 else -2 end, account.id,
        case when spell.status = 'retired' then 102.79 else round(spell.base * 0.02, 2) end,
        'credit', %(month)s, %(month)s, 0, 1, 0, now()
    from insured_enrolment spell
    join floor_account account on account.person_id = spell.person_id
    where spell.scheme = '310' and spell.first_month <= %(month)s
      and (spell.last_month is null or spell.last_month >= %(month)s)
    """,
    """
    update floor_account account set balance = account.balance + transfer.amount
    from floor_transfer transfer
    where transfer.credit_id = account.id and transfer.covers = %(month)s
    """,
)
ORM_SAMPLE = 2_000


def main(people: int = 1_000_000, *parts: str) -> None:
    with city(people=people):
        from office.models import Staff
        from policies.month import Month

        for name in ("clerk", "reviewer", "finance"):
            Staff.objects.create_superuser(name, display_name=name)
        _make_floor_tables()
        _credit(Month(2022, 9))  # opens the accounts
        _copy_accounts()
        parts = parts or PARTS
        first = _measure(people, Month(2022, 10), workers=(1, 2) if "workers" in parts else (1,))
        if "year" in parts:
            for number in range(12):
                _credit(Month(2023, 4) + number)
            _told_beside(_measure(people, Month(2024, 4)), first, "with 12 months more there")
        if "loop" in parts:
            rate = _orm_loop()
            ratio = people / first["clock"] / rate
            print(
                f"  a loop of save(): {rate:.0f} accounts/s; the whole run is {ratio:.0f} × as fast",
                flush=True,
            )
        if "growth" in parts:
            insure(people * (GROWTH - 1), after=people)
            _credit(Month(2024, 8))  # after a month without, or the change would have to be acknowledged
            _copy_accounts()
            more = _measure(people * GROWTH, Month(2024, 9))
            _told_beside(more, first, f"with {GROWTH} × the accounts")


def _measure(people: int, month, workers: tuple[int, ...] = (1,)) -> dict[str, float]:
    """The medians of three months from `month` on, told; returns the seconds of a whole run by one worker."""
    found: list[tuple[dict, dict]] = []
    for number in range(3):
        clock: dict[str, float] = {}
        processor: dict[str, float] = {}
        _floor(month + number, clock, processor)
        for count in workers:
            _credit(month + number + 3 * (count - 1), clock, processor, workers=count)
        found.append((clock, processor))
    print(f"{people} accounts, medians of 3: × floor by the clock, by processor time")
    clock, processor = (
        {label: median(times[label] for times in kind) for label in kind[0]}
        for kind in zip(*found, strict=True)
    )
    print(f"  {'floor':<24} {clock['floor']:8.2f} s {processor['floor']:8.2f} s")
    for suffix in ("", ", two workers")[: len(workers)]:
        for seconds in (clock, processor):
            seconds[f"whole run{suffix}"] = seconds[f"compute{suffix}"] + seconds[f"post{suffix}"]
        for step in ("compute", "post", "whole run"):
            name = step + suffix
            ratios = clock[name] / clock["floor"], processor[name] / processor["floor"]
            print(f"  {name:<24} {ratios[0]:8.2f} × {ratios[1]:8.2f} ×")
    here, server = peak_megabytes()
    print(f"  peak memory: {here} MB here, {server} MB in the server's process", flush=True)
    return {"people": people, "clock": clock["whole run"], "processor": processor["whole run"]}


def _told_beside(now: dict[str, float], before: dict[str, float], label: str) -> None:
    clock, processor = (
        now[kind] / now["people"] / (before[kind] / before["people"]) for kind in ("clock", "processor")
    )
    print(
        f"  {label}: {clock:.2f} × as long for each account, {processor:.2f} × the processor time", flush=True
    )


def _make_floor_tables() -> None:
    from bench._city import owner

    with owner() as connection:
        for table in ("account", "transfer"):
            like = f"like accounts_{table} including all excluding constraints"
            connection.execute(f"create table floor_{table} ({like})")
        connection.execute("alter table floor_account set (fillfactor = 50)")


def _copy_accounts() -> None:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("delete from floor_account")
        cursor.execute("insert into floor_account overriding system value select * from accounts_account")
        cursor.execute("vacuum analyze")


def _floor(month, clock, processor) -> None:
    from django.db import connection, transaction

    with measured("floor", clock, processor), transaction.atomic(), connection.cursor() as cursor:
        for statement in FLOOR:
            cursor.execute(statement, {"month": month.first_day})


def _credit(month, clock=None, processor=None, *, workers: int = 1) -> None:
    from django.db import connections

    from office import runs
    from office.chunks import post_chunks
    from office.models import Staff

    clock, processor = {} if clock is None else clock, {} if processor is None else processor
    clerk, reviewer, finance = Staff.objects.order_by("pk")
    suffix = "" if workers == 1 else ", two workers"
    run = runs.prepare(kind="credit", scheme="310", period=month, by=clerk, origin="page")
    with measured(f"compute{suffix}", clock, processor):
        runs.compute(run.pk)
    run.refresh_from_db()
    runs.approve(run, by=reviewer, origin="page")
    runs.start_posting(run, by=finance, origin="page")

    def post():
        try:
            post_chunks(run.pk)
        finally:
            connections.close_all()

    with measured(f"post{suffix}", clock, processor):
        threads = [threading.Thread(target=post) for _worker in range(workers)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    run.refresh_from_db()
    assert run.state == "posted", run.state


def _orm_loop() -> float:
    """What a loop of `save()` does of the same work, in accounts a second."""
    from decimal import Decimal

    from django.db import transaction

    from accounts.models import Account, Transfer
    from policies.month import Month

    pool = Account.objects.get(kind="pool")
    ids = random.Random(1).sample(range(1, Account.objects.count()), ORM_SAMPLE)
    times: dict[str, float] = {}
    with timed("loop", times), transaction.atomic():
        for account in Account.objects.filter(pk__in=ids, kind="person").iterator():
            spell = account.person.enrolments.get()
            amount = (spell.base * 2 / 100).quantize(Decimal("0.01"))
            Transfer(
                debit=pool,
                credit=account,
                amount=amount,
                kind="credit",
                month=Month(2030, 1),
                covers=Month(2030, 1),
                run_id=0,
            ).save()
            account.balance += amount
            account.save()
    return ORM_SAMPLE / times["loop"]


if __name__ == "__main__":
    main(*(int(argument) if argument.isdigit() else argument for argument in sys.argv[1:]))
