"""Yearly interest of 1 000 000 accounts with 12 entries each, and the proof of all their books.

Run: `python -m bench.books [people]`. Interest (the run's computing: lines, chunks, totals) is measured
against one aggregate over the same transfers, each check of `verify_books` against one full scan.
"""

import sys
from decimal import Decimal

from bench._city import city
from bench._processor import measured, peak_megabytes

MONTHS = 12
REPEATED = 5  # the yardsticks, which take a tenth of a second
SCAN = "select count(*), sum(amount) from accounts_transfer"
AGGREGATE = (
    # The sums are asked for: of what nobody asks for, the server adds up nothing.
    "select count(*), sum(total)"
    " from (select credit_id, sum(amount) as total from accounts_transfer group by credit_id) sums"
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
        clock: dict[str, float] = {}
        processor: dict[str, float] = {}
        for label, query in (("full scan", SCAN), ("aggregate", AGGREGATE)):
            with connection.cursor() as cursor:
                cursor.execute("set work_mem = '128MB'")
                cursor.execute(query)  # warm, as what follows finds it
                with measured(label, clock, processor):
                    for _again in range(REPEATED):
                        cursor.execute(query)
            clock[label] /= REPEATED
            processor[label] /= REPEATED
        _post("interest", Month(2023, 1), clock, processor)
        print(f"{people} accounts, {people * MONTHS} credits: by the clock, by processor time")
        for label in ("compute", "post"):
            ratio = clock[label] / clock["aggregate"]
            spent = processor[label] / processor["aggregate"]
            print(
                f"  interest, {label:<12} {clock[label]:7.2f} s  {ratio:5.2f} × {spent:5.2f} × one aggregate"
            )
        scan = clock["full scan"]
        with measured("proof", clock, processor):
            check = prove_books(origin="command_line")
        for found in check.findings:
            seconds = found["seconds"]
            print(f"  {seconds:7.2f} s  {seconds / scan:6.1f} × a full scan  {found['check']}")
            assert not found["wrong"], found["wrong"]
        whole, spent = clock["proof"], processor["proof"] / processor["full scan"]
        ratios = f"{whole / scan:.1f} × a full scan ({scan:.2f} s), by processor time {spent:.1f} ×"
        print(f"  {whole:7.2f} s  {ratios}")
        here, server = peak_megabytes()
        print(f"  peak memory: {here} MB here, {server} MB in the server's process")


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


def _post(kind: str, month, clock=None, processor=None) -> None:
    from office import runs
    from office.chunks import post_chunks
    from office.models import Staff

    clock, processor = {} if clock is None else clock, {} if processor is None else processor
    clerk, reviewer, finance = Staff.objects.order_by("pk")
    run = runs.prepare(kind=kind, scheme="310", period=month, by=clerk, origin="page")
    with measured("compute", clock, processor):
        runs.compute(run.pk)
    run.refresh_from_db()
    runs.approve(run, by=reviewer, origin="page")
    runs.start_posting(run, by=finance, origin="page")
    with measured("post", clock, processor):
        post_chunks(run.pk)
    run.refresh_from_db()
    assert run.state == "posted" and run.rows, (run.state, run.rows)


def _close(month) -> None:
    from office import periods
    from office.models import Staff

    periods.close(month, by=Staff.objects.get(username="finance"), origin="page")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
