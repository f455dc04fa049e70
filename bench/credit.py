"""A month's credit of 1 000 000 personal accounts: against the bare two statements, and against an ORM loop.

Run: `python -m bench.credit [people]`. The floor is one `INSERT … SELECT` of the transfers and one `UPDATE`
of the balances, in one transaction, on copies of the same tables with the same indexes. Ours is the whole
run: lines, chunks, exceptions and totals (compute), then transfers, balances, digests and seal (post).
"""

import random
import sys
import threading
from statistics import median

from bench._city import city, timed

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


def main(people: int = 1_000_000) -> None:
    with city(people=people):
        from office.models import Staff
        from policies.month import Month

        Staff.objects.create_superuser("clerk", display_name="clerk")
        Staff.objects.create_superuser("reviewer", display_name="reviewer")
        Staff.objects.create_superuser("finance", display_name="finance")
        _make_floor_tables()
        _credit(Month(2022, 9), {}, workers=1)  # opens the accounts
        _copy_accounts()
        figures: dict[str, list[float]] = {}
        for number in range(3):
            times: dict[str, float] = {}
            _floor(Month(2022, 10) + number, times)
            _credit(Month(2022, 10) + number, times, workers=1)
            _credit(Month(2023, 10) + number, times, workers=2)
            for label, seconds in times.items():
                figures.setdefault(label, []).append(seconds)
            print("  ".join(f"{label} {seconds:.2f} s" for label, seconds in times.items()), flush=True)
        floor = median(figures["floor"])
        print(f"{people} accounts, medians of 3, floor {floor:.2f} s = 1.00")
        for label, seconds in figures.items():
            print(f"  {label:<22} {median(seconds) / floor:5.2f} × floor")
        both = [compute + post for compute, post in zip(figures["compute"], figures["post"], strict=True)]
        print(f"  {'compute + post':<22} {median(both) / floor:5.2f} × floor")
        rate = _orm_loop()
        print(
            f"  ORM loop {rate:.0f} accounts/s; the whole run is {people / median(both) / rate:.0f} × as fast"
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
        cursor.execute("insert into floor_account overriding system value select * from accounts_account")
        cursor.execute("vacuum analyze")


def _floor(month, times) -> None:
    from django.db import connection, transaction

    with timed("floor", times), transaction.atomic(), connection.cursor() as cursor:
        for statement in FLOOR:
            cursor.execute(statement, {"month": month.first_day})


def _credit(month, times, *, workers: int) -> None:
    from django.db import connections

    from office import runs
    from office.chunks import post_chunks
    from office.models import Staff

    clerk, reviewer, finance = Staff.objects.order_by("pk")
    suffix = "" if workers == 1 else f", {workers} workers"
    run = runs.prepare(kind="credit", scheme="310", period=month, by=clerk, origin="page")
    with timed(f"compute{suffix}", times):
        runs.compute(run.pk)
    run.refresh_from_db()
    runs.approve(run, by=reviewer, origin="page")
    runs.start_posting(run, by=finance, origin="page")

    def post():
        try:
            post_chunks(run.pk)
        finally:
            connections.close_all()

    with timed(f"post{suffix}", times):
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
    main(*map(int, sys.argv[1:]))
