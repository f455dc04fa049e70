"""Yearly interest of 1 000 000 accounts with 12 entries each, and the proof of all their books.

Run: `python -m bench.books [people]`. Interest (the run's computing: lines, chunks, totals) is measured
against one aggregate over the same transfers, each check of `verify_books` against one full scan.
"""

import sys
from decimal import Decimal

from bench._city import city, timed

MONTHS = 12
SCAN = "select count(*), sum(amount) from accounts_transfer"
AGGREGATE = (
    "select count(*) from (select credit_id, sum(amount) from accounts_transfer group by credit_id) sums"
)


def main(people: int = 1_000_000) -> None:
    with city(people=people):
        from django.db import connection

        from accounts.proving import prove_books
        from office.models import Staff
        from policies.month import Month

        for name in ("clerk", "reviewer", "finance"):
            Staff.objects.create_superuser(name, display_name=name)
        _state_rates()
        for number in range(MONTHS):
            _post("credit", Month(2023, 1) + number)
        _close(Month(2023, 12))
        with connection.cursor() as cursor:
            cursor.execute("vacuum analyze")
        times: dict[str, float] = {}
        for label, query in (("full scan", SCAN), ("aggregate", AGGREGATE)):
            with connection.cursor() as cursor:
                cursor.execute("set work_mem = '128MB'")
                cursor.execute(query)  # warm, as what follows finds it
                with timed(label, times):
                    cursor.execute(query)
        _post("interest", Month(2023, 1), times)
        print(f"{people} accounts, {people * MONTHS} credits")
        for label in ("compute", "post"):
            ratio = times[label] / times["aggregate"]
            print(f"  interest, {label:<20} {times[label]:7.2f} s  {ratio:5.2f} × one aggregate")
        check = prove_books(origin="command_line")
        scan = times["full scan"]
        for found in check.findings:
            seconds = found["seconds"]
            print(f"  {seconds:7.2f} s  {seconds / scan:6.1f} × a full scan  {found['check']}")
            assert not found["wrong"], found["wrong"]
        whole = sum(found["seconds"] for found in check.findings)
        print(f"  {whole:7.2f} s  {whole / scan:6.1f} × a full scan ({scan:.2f} s) in all")


def _state_rates() -> None:
    """Rates for the year, as the policy officer would enter them, and credits' own figure for retirees."""
    from office.models import Staff
    from office.versions import approve, enter_figure, submit
    from policies.month import Month

    officer, approver = Staff.objects.order_by("pk")[:2]
    for name, figure in (("interest_rate", "0.35"), ("interest_rate_carried_over", "1.10")):
        version = enter_figure(
            scheme="310",
            value=name,
            first_month=Month(2023, 1),
            article="11",
            figure=Decimal(figure),
            source="bench",
            by=officer,
        )
        submit(version, by=officer)
        approve(version, by=approver)


def _post(kind: str, month, times: dict[str, float] | None = None) -> None:
    from office import runs
    from office.chunks import post_chunks
    from office.models import Staff

    times = {} if times is None else times
    clerk, reviewer, finance = Staff.objects.order_by("pk")
    run = runs.prepare(kind=kind, scheme="310", period=month, by=clerk, origin="page")
    with timed("compute", times):
        runs.compute(run.pk)
    run.refresh_from_db()
    runs.approve(run, by=reviewer, origin="page")
    runs.start_posting(run, by=finance, origin="page")
    with timed("post", times):
        post_chunks(run.pk)
    run.refresh_from_db()
    assert run.state == "posted" and run.rows, (run.state, run.rows)


def _close(month) -> None:
    from office import periods
    from office.models import Staff

    periods.close(month, by=Staff.objects.get(username="finance"), origin="page")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
