"""Visits settled in bulk, from applied file to outcomes, counters and account postings stored.

Run: `python -m bench.visits [visits] [people]`. The floor is what any such way has to do at the least: a bare
fetch of the visits, a plain Python loop over one simple rule, and a COPY of one narrow row for each, in one
process and in two. Ours is `settlement.batches.settle` with one and with two workers, each a process of its
own: facts found, adjudicated, outcomes, counters and vouchers committed. Half of the people have money in
their accounts. The peer is the same work visit by visit with the ORM, on a sample.
"""

import os
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal

from bench._city import city, owner, timed

FACILITIES = 200
SAMPLE = 300
READY = (
    "import sys; import django; django.setup(); {imported}; print('ready', flush=True);"
    " sys.stdin.readline(); {call}"
)
WORKER = READY.format(imported="from settlement.batches import settle", call="settle({batch})")
FLOOR = READY.format(imported="from bench.visits import floor", call="floor({part}, {parts}, {batch})")


def main(visits: int = 200_000, people: int = 100_000) -> None:
    with city(people=people):
        town(people)
        print(f"{visits} visits of {people} people at {FACILITIES} facilities", flush=True)
        rates: dict[str, float] = {}
        for workers in (1, 2):
            batch = _batch(visits, people=people, first=1 + workers * visits)
            rates[f"floor, {workers}"] = _run(FLOOR, batch, visits=visits, workers=workers)
            rates[f"ours, {workers}"] = _run(WORKER, batch, visits=visits, workers=workers)
            _look_again(batch, visits)
            for label in (f"floor, {workers}", f"ours, {workers}"):
                print(f"  {label} process{'es' * (workers > 1)}: {rates[label]:,.0f} visits/s", flush=True)
        print(f"  ours is {rates['ours, 2'] / rates['floor, 2']:.2f} × the floor with two processes")
        orm = _orm(people)
        print(
            f"  ORM, visit by visit: {orm:,.0f} visits/s; ours, two processes: {rates['ours, 2'] / orm:.0f} ×"
        )


def floor(part: int, parts: int, batch: int) -> None:
    """Fetch, a plain loop, and COPY of one narrow row a visit."""
    from django.db import connection

    used: dict[str, int] = {}
    with connection.cursor() as cursor:
        cursor.execute(
            "select id, person_id, eligible from settlement_visit"
            " where batch_id = %s and person_id %% %s = %s order by person_id, at",
            [batch, parts, part],
        )
        rows = cursor.fetchall()
        with cursor.copy("copy floor_outcome from stdin") as copy:
            for number, person, eligible in rows:
                paid = min(eligible * 70 // 100, 6000, 180_000 - used.get(person, 0))
                used[person] = used.get(person, 0) + paid
                copy.write_row((number, paid))


def _run(code: str, batch: int, *, visits: int, workers: int) -> float:
    """Visits a second of so many processes at once, from when all have started, as workers have."""
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", code.format(batch=batch, part=part, parts=workers)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for part in range(workers)
    ]
    for process in processes:
        assert process.stdout.readline() == "ready\n"
    started = time.perf_counter()
    for process in processes:
        process.stdin.close()
    ended = [process.wait() for process in processes]
    assert not any(ended)
    return visits / (time.perf_counter() - started)


def town(people: int, facilities: int = FACILITIES) -> None:
    """Facilities with agreements, a selection for everybody, and money in every second account."""
    from django.db import connection

    with owner() as bare:
        bare.execute("create table floor_outcome (visit_id bigint, fund integer)")
        bare.execute(f"grant all on floor_outcome to {bare.info.user}_app, {bare.info.user}_jobs")
    with connection.cursor() as cursor:
        cursor.execute(
            "insert into facilities_facility (code, name, level, kind, county_id, credit_code, bank_holder,"
            " bank_name, office, closing_reason)"
            " select 'H' || lpad(n::text, 11, '0'), '医院' || n, 'primary', 'hospital',"
            " (select min(id) from office_county), '', '', '', 'county', '' from generate_series(1, %s) n",
            [facilities],
        )
        cursor.execute(
            "insert into facilities_agreement"
            " (facility_id, kind, first_day, last_day, number, signed_on, end_reason)"
            " select id, 'outpatient', '2023-01-01', '2023-12-31', '', '2023-01-01', ''"
            " from facilities_facility"
        )
        cursor.execute(
            "insert into insured_selection"
            " (person_id, facility_id, slot, first_month, last_month, kind, reason)"
            " select person.id, facility.id, 'primary', '2023-01-01', '2023-12-01', 'first', ''"
            " from insured_person person join (select id, row_number() over (order by id) - 1 as place"
            " from facilities_facility) facility on facility.place = person.id %% %s",
            [facilities],
        )
        cursor.execute(
            "insert into accounts_account (kind, scheme, person_id, opened_on, balance)"
            " select 'person', '310', id, '2022-01-01', 500 from insured_person where id % 2 = 0"
        )
        cursor.execute("vacuum analyze")


def _batch(visits: int, *, people: int, first: int) -> int:
    """A month's visits as a file leaves them, ready to be settled."""
    from django.db import connection
    from django.utils import timezone

    from office.statements import execute
    from settlement.batches import CHUNK_ROWS
    from settlement.models import VisitBatch

    batch = VisitBatch.objects.create(
        kind="file", scheme="310", origin="page", at=timezone.now(), rows=visits
    )
    with connection.cursor() as cursor:
        cursor.execute(
            "insert into settlement_visit (batch_id, row, scheme, facility_id, person_id, bill, at, category,"
            " total, full_self_paid, over_price, prior_self_paid, eligible, diagnosis_fee, consultation_fee,"
            " examination_fee, disease, drug, referred, emergency, admitted, gate, resembles)"
            " select %(batch)s, n, '310', choice.facility_id, person, %(first)s + n,"
            " '2023-03-01'::timestamptz + n %% 28 * interval '1 day' + n %% 500 * interval '1 minute',"
            " 'outpatient', eligible + 1000, 1000, 0, 0, eligible, 0, 0, 0, '', '', false, false, false, '',"
            " false"
            " from (select n, 1 + (n::bigint * 7919) %% %(people)s as person, 2000 + n %% 9000 as eligible"
            " from generate_series(1, %(visits)s) n) said"
            " join insured_selection choice on choice.person_id = said.person"
            " order by person, n",
            {"batch": batch.pk, "first": first, "people": people, "visits": visits},
        )
        cursor.execute(
            "create temporary table visits_numbered as select id, batch_id,"
            " 1 + (min(place) over (partition by person_id) - 1) / %s as chunk"
            " from (select id, batch_id, person_id,"
            " row_number() over (order by id) as place from settlement_visit where batch_id = %s) placed",
            [CHUNK_ROWS, batch.pk],
        )
        execute("settlement/visits_chunks")
        cursor.execute("drop table visits_numbered")
        cursor.execute("vacuum analyze settlement_visit")
    return batch.pk


def _look_again(batch: int, visits: int) -> None:
    """Everything is settled, and the accounts paid."""
    from accounts.models import Transfer
    from settlement.models import VisitBatch, VisitOutcome

    assert VisitBatch.objects.get(pk=batch).settled_at is not None
    assert VisitOutcome.objects.filter(chunk__batch=batch).exclude(state="paid").count() == 0
    assert VisitOutcome.objects.filter(chunk__batch=batch).count() == visits
    print(f"  {Transfer.objects.count()} transfers so far", flush=True)


def _orm(people: int) -> float:
    """Visits a second of what visit by visit does of the same work."""
    one_by_one, times = by_orm(), {}
    with timed("orm", times):
        for place in range(SAMPLE):
            one_by_one(1 + place * 97 % people, bill=f"O{place}")
    return SAMPLE / times["orm"]


def by_orm() -> Callable[..., None]:
    """Settles a visit by the ORM: facts, counters held by `select_for_update`, outcome and account."""
    from django.db import transaction

    from accounts.models import Account, TransferKind
    from accounts.vouchers import Move, account_of, hold, post
    from insured.models import Person
    from policies.adjudicate import Visit as Cost
    from policies.adjudicate import adjudicate
    from policies.month import Month
    from settlement.models import Accumulator, Visit, VisitBatch, VisitChunk, VisitOutcome
    from settlement.rulings import Facts, Rules

    batch = VisitBatch.objects.create(kind="file", scheme="310", origin="page", at=datetime.now(UTC), rows=0)
    chunk = VisitChunk.objects.create(batch=batch, number=1, visits="{}", rows=0)
    rules = Rules("310")
    day, month = datetime(2023, 4, 1, 8, tzinfo=UTC), Month(2023, 4)

    @transaction.atomic
    def one(person: int, *, bill: str) -> None:
        person = Person.objects.get(pk=person)
        spell = person.enrolments.get(first_month__lte=month, last_month=None)
        choice = person.selections.select_related("facility").get(first_month__lte=month)
        contracted = choice.facility.agreements.filter(first_day__lte=day, last_day__gte=day).exists()
        visit = Visit(
            batch=batch, scheme="310", facility=choice.facility, person=person, bill=bill, at=day,
            category="outpatient", total=Decimal(90), eligible=Decimal(90),
        )  # fmt: skip
        visit.save()
        used, _new = Accumulator.objects.select_for_update().get_or_create(
            person=person, scheme="310", year=2023
        )
        found = "" if contracted else "facility_not_contracted"
        facts = Facts(
            str(day.date()), "outpatient", "", "", "f", "f", "f", "t", choice.facility.level, "f", "local",
            spell.status, "t", "1", "f", "f", "", found, None,
        )  # fmt: skip
        ruling = rules.ruling(facts)
        outcome = adjudicate(Cost(9000, 9000), ruling.terms, used.used)
        own = Account.objects.filter(person=person, scheme="310", kind="person").first()
        paid = Decimal(0)
        if own is not None:
            paid = min(Decimal(9000 - outcome.fund) / 100, hold(own)[own.pk])
            if paid:
                payable = account_of(choice.facility, scheme="310", kind="payable")
                taken = Move(debit=own, credit=payable, amount=paid, kind=TransferKind.SPENDING)
                post([taken], source=visit)
        for counter, amount in outcome.delta.items():
            used.used[counter] = used.used.get(counter, 0) + amount
        used.save()
        fund = Decimal(outcome.fund) / 100
        VisitOutcome.objects.create(
            visit=visit, chunk=chunk, policy_id=ruling.policy, state=outcome.state, category="outpatient",
            level="primary", station=False, locality="local", status=spell.status, selected=True,
            referred=False, newborn=False, total=Decimal(90), deductible=Decimal(0), fund=fund,
            over_limit=Decimal(0), account=paid, family_account=Decimal(0), cash=Decimal(90) - fund - paid,
            delta=dict(outcome.delta),
        )  # fmt: skip

    return one


if __name__ == "__main__":
    os.environ.setdefault("PYTHONPATH", os.getcwd())
    main(*map(int, sys.argv[1:]))
