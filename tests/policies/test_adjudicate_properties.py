"""What must hold of every stream of visits in every city, whatever the figures."""

from __future__ import annotations

import json
from collections import defaultdict
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from policies.adjudicate import Visit, adjudicate, book, unbook
from policies.gates import GATES
from policies.pack import available_packs, load_pack
from policies.parameters import with_parameters
from policies.terms import TermsBook
from policies.trial import run_trial
from policies.visitline import read_line

# Rates above and below the outpatient ones, and limits low enough to be met.
PARAMETERS = {
    "inpatient_rate": {
        "active": {"primary": 90, "secondary": 85, "tertiary": 45},
        "retired": {"primary": 95, "secondary": Decimal("87.25"), "tertiary": 82},
    },
    "inpatient_deductible": {"primary": Decimal("200.01"), "secondary": 400, "tertiary": 600},
    "inpatient_limit": Decimal("6000.00"),
    "annual_limit": Decimal("1900.00"),
    "basic_annual_limit": Decimal("2200.00"),
    "combined_annual_limit": Decimal("1900.50"),
}
PACKS = {name: with_parameters(load_pack(name), PARAMETERS) for name in available_packs()}
# The most the fund may pay a person in a year, in 分 (a prorated limit only lowers it).
MOST_A_YEAR = {
    "heyuan": 190_000,
    "honghe": 500_000 + 300_000 + 600_000,
    "nanchang": 190_050,
    "shaoguan": 30_000,
    "shijiazhuang": 220_000,
}

amounts = st.one_of(st.integers(0, 20_000), st.integers(0, 1_500_000))
cities = st.sampled_from(available_packs())


def money(fen):
    return f"{fen // 100}.{fen % 100:02d}"


@st.composite
def visit_lines(draw, city, people="ab"):
    eligible = draw(amounts)
    fee = draw(st.sampled_from((0, 0, 500, 1001)))
    line = {
        "person": draw(st.sampled_from(people)),
        "date": draw(st.sampled_from(("2023-03-01", "2023-11-30", "2024-02-29"))),
        "category": draw(st.sampled_from(("outpatient", "emergency"))),
        "level": draw(st.sampled_from(("primary", "secondary", "tertiary"))),
        "locality": draw(st.sampled_from(("local", "filed"))),
        "selected": True,
        "referred": True,
        "admitted": draw(st.booleans()),
        "gate": draw(st.sampled_from((None, None, None, None, None, draw(st.sampled_from(GATES))))),
        "total": money(eligible + draw(st.integers(0, 5000))),
        "eligible": money(eligible),
    }
    if 2 * fee <= eligible:
        line |= {"diagnosis_fee": money(fee), "consultation_fee": money(fee)}
    if city != "shaoguan":
        line["status"] = draw(st.sampled_from(("active", "flexible", "retired")))
    if city == "shijiazhuang":
        line["birth_date"] = draw(st.sampled_from(("1980-02-29", "1978-11-30", "1990-01-01")))
    if city == "honghe":
        category = draw(st.sampled_from((*["outpatient"] * 3, "chronic", "special", "negotiated_drug")))
        line |= {"category": category, "drug": draw(st.sampled_from("de"))}
        line |= {"disease": "x", "diseases": draw(st.sampled_from((["x"], ["x", "y"], ["x", "psychosis"])))}
    return line


@st.composite
def streams(draw, most=12):
    city = draw(cities)
    lines = draw(st.lists(visit_lines(city), min_size=1, max_size=most))
    return city, [line | {"id": str(number)} for number, line in enumerate(lines)]


def run(city, lines):
    return list(run_trial(pack=PACKS[city], visits=map(json.dumps, lines)))


def fen(text):
    return int(text.replace(".", ""))


def outcomes(city, lines):
    """(visit, outcome, counters before) of each line that is paid, through the functions themselves."""
    pack = PACKS[city]
    terms = TermsBook(pack)
    used = defaultdict(dict)
    for text in map(json.dumps, lines):
        line = read_line(text, pack)
        category = line.category if line.category in pack.categories else "outpatient"
        case = terms.case(
            line.date,
            category=category,
            level=line.level,
            status=line.status,
            locality=line.locality,
            born=line.birth_date,
            admitted=line.admitted,
            disease=line.disease,
            diseases=line.diseases,
        )
        visit = Visit(line.total, line.eligible, line.consultation_fee, line.diagnosis_fee, line.drug)
        counters = used[line.person, line.date.year]
        outcome = adjudicate(visit, terms.terms(line.date, case), counters)
        yield visit, terms.terms(line.date, case), dict(counters), outcome
        book(counters, outcome)


@given(streams())
def test_the_identities_hold(stream):
    city, lines = stream
    for visit, _, _, outcome in outcomes(city, lines):
        assert outcome.state == "paid"
        parts = (outcome.deductible, outcome.fund, outcome.copay, outcome.over_limit)
        assert sum(parts) == visit.eligible
        assert min(parts) >= 0
        assert all(amount > 0 for amount in outcome.delta.values())


@given(streams())
def test_fund_and_person_make_the_total_and_no_year_exceeds_its_limit(stream):
    city, lines = stream
    paid = defaultdict(int)
    for line, result in zip(lines, run(city, lines), strict=True):
        if result["state"] in ("paid", "denied"):
            assert fen(result["fund"]) + fen(result["person"]) == fen(line["total"])
            assert 0 <= fen(result["fund"]) <= fen(line["eligible"])
            paid[line["person"], line["date"][:4]] += fen(result["fund"])
    assert all(amount <= MOST_A_YEAR[city] for amount in paid.values())


@given(streams(), st.data())
def test_more_eligible_never_pays_less(stream, data):
    city, lines = stream
    more = data.draw(st.integers(1, 50_000))
    for visit, terms, used, outcome in outcomes(city, lines):
        richer = visit._replace(eligible=visit.eligible + more, total=visit.total + more)
        assert adjudicate(richer, terms, used).fund >= outcome.fund


@given(streams())
def test_adjudication_changes_nothing_and_a_reversal_restores(stream):
    city, lines = stream
    for visit, terms, used, outcome in outcomes(city, lines):
        before = dict(used)
        assert adjudicate(visit, terms, used, []) == outcome
        assert used == before
        book(used, outcome)
        unbook(used, outcome)
        assert used == before


@given(streams())
def test_visits_that_were_reversed_leave_no_trace(stream):
    city, lines = stream
    undone = [{"id": f"r{line['id']}", "reverses": line["id"]} for line in reversed(lines)]
    again = [line | {"id": f"n{line['id']}"} for line in lines]
    results = run(city, lines + undone + again)
    first, last = results[: len(lines)], results[-len(lines) :]
    assert [r | {"id": None} for r in first] == [r | {"id": None} for r in last]
    for result, reversal in zip(reversed(first), results[len(lines) : -len(lines)], strict=True):
        if result["state"] == "paid":
            for key in ("deductible", "fund", "person"):
                assert fen(result[key]) == -fen(reversal[key])


@given(streams())
def test_people_do_not_disturb_each_other(stream):
    city, lines = stream
    together = {result["id"]: result for result in run(city, lines)}
    by_person = sorted(lines, key=lambda line: line["person"])
    assert {result["id"]: result for result in run(city, by_person)} == together
    apart = [r for person in "ab" for r in run(city, [x for x in lines if x["person"] == person])]
    assert {result["id"]: result for result in apart} == together


@given(streams())
def test_the_explanation_ends_in_what_is_paid(stream):
    city, lines = stream
    for visit, terms, used, outcome in outcomes(city, lines):
        steps = []
        adjudicate(visit, terms, used, steps)
        assert all(step.article and 0 <= step.amount <= visit.eligible for step in steps)
        deductibles = [step.amount for step in steps if step.rule == "deductible"]
        assert sum(deductibles) == outcome.deductible


@pytest.mark.parametrize("city", available_packs())
@settings(max_examples=30)
@given(st.binary(max_size=200))
def test_no_bytes_break_the_trial(city, raw):
    lines = raw.split(b"\n")
    results = list(run_trial(pack=PACKS[city], visits=lines))
    assert len(results) == sum(1 for line in lines if line.removeprefix(b"\xef\xbb\xbf").strip())
    assert all(result["state"] == "error" for result in results)
