"""How long the main pages take the server at 1 000 000 people and 3 000 000 visits of thirteen months.

Run: `python -m bench.pages`. Through the real views, for reviewers of the whole city and of counties; each
page five times. Before them the fund is summed, as the portal does it: how long that takes is told beside
the plain sum of the ledger that is its floor.
"""

import sys
import time

from bench._city import city, owner
from bench.lists import fill, measure

BATCH = """
insert into settlement_visitbatch (kind, scheme, origin, at, rows, settled_at)
values ('file', '310', 'page', now(), %(visits)s, now())
"""
CHUNK = """
insert into settlement_visitchunk (batch_id, number, visits, rows, totals, settled_at)
values (1, 1, '{}', %(visits)s, '{}', now())
"""
VISITS = """
insert into settlement_visit (row, scheme, bill, at, category, total, full_self_paid, over_price,
    prior_self_paid, eligible, diagnosis_fee, consultation_fee, examination_fee, disease, drug, referred,
    emergency, admitted, gate, resembles, facility_id, person_id, batch_id)
select number, '310', 'B' || number,
    now() - number %% 390 * interval '1 day' - number %% 1440 * interval '1 minute',
    'outpatient', 10000, 0, 0, 0, 10000, 0, 0, 0, '', '', false, false, false, '',
    number %% 5000 = 0, 1 + number %% 2000, 1 + number::bigint * 7919 %% %(people)s, 1
from generate_series(1, %(visits)s) number
"""
OUTCOMES = """
insert into settlement_visitoutcome (visit_id, policy_id, state, reason, category, level, station, locality,
    status, selected, selected_month, referred, newborn, diseases, found, total, deductible, fund, over_limit,
    account, family_account, cash, before, delta, first_move, moves, chunk_id)
select id, (select max(id) from office_policyversion where scheme = '310'), 'paid', '', 'outpatient',
    'primary', false, 'local', 'active', true, 1, false, false, '', '', 10000, 0, 6500, 0, 3000, 0, 500,
    '{}', '{}', 0, 2, 1
from settlement_visit
"""
# What the ledger has of the visits: by facility and month, as batches are posted.
PAID = """
insert into accounts_transfer (debit_id, credit_id, amount, kind, month, covers, attempt, run_id, created_at)
select pool.id, payable.id, 65000, 'settlement', month, month, 0, 0, now()
from accounts_account payable, accounts_account pool, generate_series(1, 12) back,
    lateral (select date_trunc('month', now() - back * interval '1 month')::date as month) months
where payable.kind = 'payable' and pool.kind = 'pool'
"""
FILLED = ["settlement_visit", "settlement_visitoutcome", "accounts_transfer"]


def main(people: int = 1_000_000, visits: int = 3_000_000) -> None:
    with city(people=0):
        fill(people)
        fill_visits(people=people, visits=visits)
        sum_the_fund()
        measure(pages, role="reviewer")


def fill_visits(*, people: int, visits: int) -> None:
    started = time.perf_counter()
    with owner() as connection:
        for table in FILLED:
            connection.execute(f"alter table {table} disable trigger user")
        for statement in (BATCH, CHUNK, VISITS, OUTCOMES, PAID):
            connection.execute(statement, {"people": people, "visits": visits})
            print(f"  {time.perf_counter() - started:6.0f} s  {' '.join(statement.split())[:60]}", flush=True)
        for table in FILLED:
            connection.execute(f"alter table {table} enable trigger user")
        connection.execute("vacuum analyze")


def sum_the_fund() -> None:
    from django.db import connection

    from monitoring.fund import refresh

    started = time.perf_counter()
    with connection.cursor() as cursor:
        cursor.execute("select month, kind, sum(amount) from accounts_transfer group by month, kind")
    floor = time.perf_counter() - started
    for what in ("first", "again"):
        started = time.perf_counter()
        refresh()
        took = time.perf_counter() - started
        print(
            f"  the fund's sums, {what}: {took:.1f} s, {took / floor:.1f} × a plain sum of the ledger",
            flush=True,
        )


def pages(counties: tuple[str, ...]) -> dict[str, str]:
    from settlement.models import Visit

    last = Visit.objects.order_by("-id").values_list("pk", flat=True)[0]
    return {
        "workbench": "/",
        "workbench of the month before": f"/?month={_month_before()}",
        "waiting for me": "/waiting/",
        "fund": "/fund/",
        "income and expenditure": f"/income/?year={time.localtime().tm_year}",
        "months": "/months/",
        "visits": "/settlement/visit/",
        "visits, page 100": "/settlement/visit/?p=99",
        "visits perhaps entered twice": "/settlement/visit/?state=resembles",
        "visits of a facility": "/settlement/visit/?q=H441600000013",
        "a visit": f"/settlement/visit/{last}/change/" if not counties else "/settlement/visit/?p=1",
        "reconciliations": "/settlement/reconciliation/",
        "statements": "/settlement/statement/",
        "payment orders": "/settlement/paymentorder/",
        "alerts": "/monitoring/alert/",
        "indicators": "/monitoring/indicatorvalue/",
        "runs": "/office/run/",
        "a facility": f"/facilities/facility/{_facility(counties)}/change/",
        "trial calculation": "/trial/",
        "help": "/help/",
    }


def _month_before() -> str:
    from django.utils import timezone

    from policies.month import Month

    return str(Month.of(timezone.localdate()) - 1)


def _facility(counties: tuple[str, ...]) -> int:
    from facilities.models import Facility

    found = Facility.objects.filter(county__code__in=counties) if counties else Facility.objects.all()
    return found.order_by("-id").values_list("pk", flat=True)[0]


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
