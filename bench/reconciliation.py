"""A month's visits compared with what facilities reported of them, bill by bill, by day and by month.

Run: `python -m bench.reconciliation [visits]`. The floor is what any such comparison has to do at the least:
one aggregate of the settled visits by facility and day, and one full join of both sides' bills that counts
those unlike. Ours is `settlement.reconciling.compare` of all facilities, first with nothing compared before,
then again with nothing changed, and of one facility, as after a visit entered by hand.
"""

import sys

from bench._city import city, timed

FACILITIES = 1_000
# Of so many bills the facility left one out, has another amount for one and another day for one.
UNLIKE = 500

FLOOR = (
    "select facility_id, date(at at time zone 'Asia/Shanghai'), count(*), sum(visit.total), sum(fund),"
    " sum(account + family_account), sum(cash)"
    " from settlement_visit visit join settlement_visitoutcome outcome on outcome.visit_id = visit.id"
    " where at >= '2023-03-01 00:00+08' and at < '2023-04-01 00:00+08' group by 1, 2",
    "select count(*) from settlement_reportedbill theirs"
    " full join settlement_visit ours using (facility_id, bill)"
    " join settlement_visitoutcome outcome on outcome.visit_id = ours.id"
    " where theirs.total is distinct from ours.total or theirs.fund is distinct from outcome.fund",
)


def main(visits: int = 1_000_000) -> None:
    with city(people=1_000):
        _month(visits)
        from django.db import connection

        from policies.month import Month
        from settlement.models import Difference
        from settlement.reconciling import compare

        march, times = {"scheme": "310", "month": Month(2023, 3)}, {}
        with connection.cursor() as cursor:
            cursor.execute("set work_mem = '128MB'; set jit = off")
            for _warm in range(2):
                with timed("floor", times):
                    for query in FLOOR:
                        cursor.execute(query)
                        cursor.fetchall()
        with timed("first", times):
            compare(**march)
        found = Difference.objects.filter(state="open").count()
        assert found
        with timed("again", times):
            compare(**march)
        assert Difference.objects.filter(revision__gt=1).count() == 0
        with timed("one facility", times):
            compare(**march, facilities=[7])
        print(f"{visits} visits of {FACILITIES} facilities, as many bills reported, {found} differences")
        for label, seconds in times.items():
            print(f"  {label}: {seconds:.2f} s, {seconds / times['floor']:.2f} × the floor")


def _month(visits: int) -> None:
    """Visits settled in March, and what every facility reported of them."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(
            "insert into facilities_facility (code, name, level, kind, county_id, credit_code, bank_holder,"
            " bank_name, office, closing_reason)"
            " select 'H' || lpad(n::text, 11, '0'), '医院' || n, 'primary', 'hospital',"
            " (select min(id) from office_county), '', '', '', 'county', '' from generate_series(1, %s) n",
            [FACILITIES],
        )
        cursor.execute(
            "insert into settlement_visit (batch_id, row, scheme, facility_id, person_id, bill, at, category,"
            " total, full_self_paid, over_price, prior_self_paid, eligible, diagnosis_fee, consultation_fee,"
            " examination_fee, disease, drug, referred, emergency, admitted, gate, resembles)"
            " select 1, n, '310', 1 + n %% %(facilities)s, 1 + n %% 1000, 'MZ' || lpad(n::text, 9, '0'),"
            " '2023-03-01 08:00+08'::timestamptz + n %% 30 * interval '1 day', 'outpatient',"
            " 10000, 0, 0, 0, 10000, 0, 0, 0, '', '', false, false, false, '', false"
            " from generate_series(1, %(visits)s) n",
            {"visits": visits, "facilities": FACILITIES},
        )
        cursor.execute(
            "insert into settlement_visitoutcome (visit_id, chunk_id, policy_id, state, reason, category,"
            " level, station, locality, status, selected, referred, newborn, diseases, found, total,"
            " deductible, fund, over_limit, account, family_account, cash, before, delta, moves)"
            " select id, 1, 1, 'paid', '', 'outpatient', 'primary', false, 'city', 'active', true, false,"
            " false, '', '', total, 0, 7000, 0, 1000, 0, 2000, '{}', '{}', 0 from settlement_visit"
        )
        cursor.execute(
            "insert into settlement_reportedbill (facility_id, scheme, month, bill, refund, day, version,"
            " current, total, fund, account, cash, withdrawn, import_id, at)"
            " select facility_id, '310', '2023-03-01', bill, false,"
            " date(at at time zone 'Asia/Shanghai') + (id / 1000 %% %(unlike)s = 1)::int, 1, true,"
            " total, 7000 + (id / 1000 %% %(unlike)s = 2)::int, 1000, 2000, false, 1, now()"
            " from settlement_visit where id / 1000 %% %(unlike)s <> 3",
            {"unlike": UNLIKE},
        )
        cursor.execute(
            "insert into settlement_reportedtotal (facility_id, scheme, month, day, version, current, visits,"
            " refunds, total, fund, account, cash, import_id, at)"
            " select facility_id, '310', '2023-03-01', day, 1, true, count(*), 0, sum(total) / 100.0,"
            " sum(fund) / 100.0, sum(account) / 100.0, sum(cash) / 100.0, 1, now()"
            " from settlement_reportedbill group by grouping sets ((facility_id, day), (facility_id))"
        )
        cursor.execute("vacuum analyze")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
