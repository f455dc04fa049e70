"""A month's prepayment from everybody's selections, and the year's end from its visits, beside bare sums.

Run: `python -m bench.capitation [people] [facilities] [visits]`. The floor of a month counts its selections
by facility and asks nothing else. What a run has to do besides is in a second floor: one bare statement that
asks of each person whether they are insured and alive, and writes down who counts where. Ours is the whole
computing of the run: heads frozen with a digest, lines, ledger lines, totals. Medians of five months.

The floor of the year adds up all visits by facility and month. Ours is the whole computing of the year's end,
of frozen months and posted statements, by which every visit's part is added up already; besides, the
statement that gathers what was used where referred visits count in the quota of the facility chosen: it looks
at every visit.
"""

import sys
from statistics import median

from bench._city import city, owner, timed
from bench._processor import processor_seconds
from bench.visits import town

FLOOR = """
    select facility_id, count(*) from insured_selection
    where first_month <= %(month)s and last_month >= %(month)s group by facility_id
"""
NAMED = """
    insert into floor_heads
    select selection.facility_id, array_agg(selection.person_id order by selection.person_id)
    from insured_selection selection
    join insured_person person on person.id = selection.person_id and person.died_on is null
    join insured_enrolment spell
        on spell.person_id = selection.person_id and spell.scheme = '310' and spell.first_month <= %(month)s
    where selection.first_month <= %(month)s and selection.last_month >= %(month)s
    group by selection.facility_id
"""
OF_YEAR = """
    select visit.facility_id, date_trunc('month', visit.at at time zone 'Asia/Shanghai'), sum(outcome.fund)
    from settlement_visit visit join settlement_visitoutcome outcome on outcome.visit_id = visit.id
    where visit.at >= '2023-01-01' and visit.at < '2024-01-01' group by 1, 2
"""
TABLES = ("visit", "visitoutcome", "statement", "statementline")


def main(people: int = 1_000_000, facilities: int = 1_000, visits: int = 5_000_000) -> None:
    with city(people=people):
        from office.models import Staff
        from policies.month import Month

        town(people, facilities)
        clerk = Staff.objects.create_superuser("clerk", display_name="clerk")
        figures: dict[str, list[float]] = {}
        for number in range(5):
            _month(Month(2023, 1 + number), figures, clerk=clerk, facilities=facilities)
        _tell(figures, f"{people} selections, {facilities} facilities", ("named", "heads", "run"))
        figures = {}
        _visited(visits, people=people, clerk=clerk)
        _year(figures, clerk=clerk, facilities=facilities)
        _tell(figures, f"{visits} visits, {facilities} facilities", ("year end", "with referrals"))


def _tell(figures: dict[str, list[float]], what: str, labels: tuple[str, ...]) -> None:
    print(f"{what}; floor {median(figures['floor']):.2f} s")
    for label in labels:
        wall, spent = (
            median(figures[label + kind]) / median(figures["floor" + kind]) for kind in ("", ", processor")
        )
        print(f"  {label}: {wall:.1f} × the floor, {spent:.1f} × its processor time", flush=True)


def _measure(label: str, work, figures: dict[str, list[float]]) -> None:
    times: dict[str, float] = {}
    before = processor_seconds()
    with timed(label, times):
        work()
    figures.setdefault(label, []).append(times[label])
    figures.setdefault(f"{label}, processor", []).append(processor_seconds() - before)


def _month(month, figures: dict[str, list[float]], *, clerk, facilities: int) -> None:
    from office import runs
    from settlement.heads import heads_of

    with owner() as bare:
        bare.execute("create table if not exists floor_heads (facility_id bigint, people bigint[])")
        bare.execute(f"grant all on floor_heads to {bare.info.user}_app, {bare.info.user}_jobs")
    run = runs.prepare(kind="prepayment", scheme="310", period=month, by=clerk, origin="page")
    for label, work in (
        ("floor", lambda: _rows(FLOOR, month=month.first_day)),
        ("named", lambda: _rows(NAMED + "returning facility_id", month=month.first_day)),
        ("heads", lambda: heads_of(scheme="310", month=month)),
        ("run", lambda: runs.compute(run.pk)),
    ):
        _measure(label, work, figures)
    assert run.prepayments.count() == facilities


def _rows(text: str, **parameters) -> list[tuple]:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(text, parameters)
        return cursor.fetchall()


def _visited(visits: int, *, people: int, clerk) -> None:
    """A year of settled visits on posted statements, one a facility and month, entered past their guards."""
    with owner() as bare:
        for table in TABLES:
            bare.execute(f"alter table settlement_{table} disable trigger user")
        bare.execute(
            "insert into settlement_visit (batch_id, scheme, facility_id, person_id, bill, at, category,"
            " total, full_self_paid, over_price, prior_self_paid, eligible, diagnosis_fee, consultation_fee,"
            " examination_fee, disease, drug, referred, emergency, admitted, gate, resembles)"
            " select 0, '310', choice.facility_id, person, n, timestamptz '2023-01-01 08:00+08'"
            " + n %% 365 * interval '1 day', 'outpatient', 9000, 0, 0, 0, 9000, 0, 0, 0, '', '', false,"
            " false, false, '', false"
            " from (select n, 1 + (n::bigint * 7919) %% %(people)s as person"
            " from generate_series(1, %(visits)s) n) said"
            " join insured_selection choice on choice.person_id = said.person",
            {"visits": visits, "people": people},
        )
        bare.execute(
            "insert into settlement_visitoutcome (visit_id, chunk_id, policy_id, state, reason, category,"
            " level, station, locality, status, selected, selected_month, referred, newborn, diseases, found,"
            " total, deductible, fund, over_limit, account, family_account, cash, before, delta, moves)"
            " select id, 0, 1, 'paid', '', 'outpatient', 'primary', false, 'local', 'active', true, 1, false,"
            " false, '', '', 9000, 0, 5400, 0, 0, 0, 3600, '{}', '{}', 0 from settlement_visit"
        )
        bare.execute(
            "insert into settlement_statement (facility_id, scheme, month, county_id, office, state,"
            " revision, visits, refunds, total, eligible, fund, account, family_account, cash, in_quota,"
            " kept, deducted, payable, drawn_by_id, drawn_at, confirmed_name, confirmed_on,"
            " confirmed_reference, reason, posted_at)"
            " select visit.facility_id, '310', date_trunc('month', at at time zone 'Asia/Shanghai')::date,"
            " min(facility.county_id), 'county', 'posted', 1, count(*), 0, count(*) * 90, count(*) * 90,"
            " count(*) * 54, 0, 0, count(*) * 36, count(*) * 54, 0, 0, 0, %s, now(), 'bench',"
            " '2024-01-01', 'bench', '', now()"
            " from settlement_visit visit join facilities_facility facility on facility.id = facility_id"
            " group by 1, 3",
            [clerk.pk],
        )
        bare.execute(
            "insert into settlement_statementline (statement_id, visit_id, in_quota, payable, live)"
            " select statement.id, visit.id, true, 0, true from settlement_visit visit"
            " join settlement_statement statement on statement.facility_id = visit.facility_id"
            " and statement.month = date_trunc('month', visit.at at time zone 'Asia/Shanghai')"
        )
        for table in TABLES:
            bare.execute(f"alter table settlement_{table} enable trigger user")
            bare.execute(f"vacuum analyze settlement_{table}")


def _year(figures: dict[str, list[float]], *, clerk, facilities: int) -> None:
    from office import runs
    from policies.month import Month, months_between
    from settlement.freezing import freeze, newest
    from settlement.usage import used

    first, last = Month(2023, 1), Month(2023, 12)
    for month in months_between(first, last):
        if newest(scheme="310", month=month) is None:
            freeze(scheme="310", month=month)
    for run in runs.Run.objects.all():  # its months' prepayments are drafts: they would hold the year up
        runs.cancel(run, by=clerk, origin="page", reason="bench")
    run = runs.prepare(kind="year_end", scheme="310", period=first, by=clerk, origin="page")
    for label, work in (
        ("floor", lambda: _rows(OF_YEAR)),
        ("year end", lambda: runs.compute(run.pk)),
        ("with referrals", lambda: used(scheme="310", first=first, last=last, referrals=True)),
    ):
        for _time in range(1 if label == "year end" else 3):
            _measure(label, work, figures)
    assert run.year_ends.count() == facilities


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
