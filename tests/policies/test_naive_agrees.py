"""The adjudicator against the second, naive computation, on random visits of all five cities.

``GONGJI_NAIVE_VISITS`` sets how many visits per city (10 000 unless set).
"""

from __future__ import annotations

import json
import os
import random
from datetime import date, timedelta
from decimal import Decimal

import naive
import pytest

from policies.gates import GATES
from policies.pack import available_packs, load_pack
from policies.trial import run_trial

VISITS = int(os.environ.get("GONGJI_NAIVE_VISITS", "10000"))
INPATIENT = {
    "inpatient_rate": {
        "active": {"primary": 90, "secondary": Decimal("85.5"), "tertiary": 80},
        "retired": {"primary": 92, "secondary": 87, "tertiary": Decimal("82.25")},
    },
    "inpatient_deductible": {
        "primary": Decimal("200.01"),
        "secondary": Decimal("400.00"),
        "tertiary": Decimal("600.55"),
    },
    "inpatient_limit": Decimal("9000.00"),
}
PARAMETERS = {
    "heyuan": [{}, {"annual_limit": {"2023-01": Decimal("1900.00"), "2023-09": Decimal("2000.01")}}],
    "honghe": [
        {},
        INPATIENT,
        {"inpatient_rate": {"active": {"primary": 90}}, "inpatient_limit": {"2023-06": Decimal("700.00")}},
    ],
    "shaoguan": [{}],
    "shijiazhuang": [{}, {"basic_annual_limit": {"2023-07": Decimal("1500.50")}}],
    "nanchang": [{}, {"combined_annual_limit": Decimal("1850.05")}],
}
RUNS = [
    pytest.param(city, parameters, id=f"{city}-{number}")
    for city in available_packs()
    for number, parameters in enumerate(PARAMETERS[city])
]


def amount(draw, most):
    """Often near the figures of the rules, so that thresholds are met from both sides."""
    near = draw.choice((0, 3000, 6000, 8571, 10000, 20000, 27273, 40000, 60000, 80000, 100000, most))
    return max(0, min(most, draw.choice((draw.randrange(most + 1), near + draw.randrange(-2, 3)))))


def money(cents):
    return f"{cents // 100}.{cents % 100:02d}"


def visit(draw, city, number):
    most = draw.choice((2000, 30_000, 200_000, 1_200_000))
    eligible = amount(draw, most)
    day = date(2023, 1, 1) + timedelta(days=draw.randrange(365))
    if draw.random() < 0.02:
        day = draw.choice((date(2021, 12, 31), date(2022, 7, 31), date(2022, 12, 31), date(2028, 1, 1)))
    fee = draw.choice((0, 0, 0, 300, 500, 505, 1000, 1001, 1500))
    other_fee = draw.choice((0, 0, 0, 300, 505, 2000))
    line = {
        "id": str(number),
        "person": str(draw.randrange(VISITS // 25 + 1)),
        "date": day.isoformat(),
        "category": draw.choice(("outpatient", "outpatient", "emergency")),
        "level": draw.choice(("primary", "primary", "secondary", "tertiary")),
        "locality": draw.choice((None, "local", "local", "local", "local", "filed", "unfiled")),
        "selected": draw.random() < 0.85,
        "referred": draw.random() < 0.3,
        "emergency": draw.random() < 0.1,
        "admitted": draw.random() < 0.3,
        "newborn": draw.random() < 0.1,
        "gate": draw.choice(GATES) if draw.random() < 0.05 else None,
        "total": money(eligible + draw.choice((0, 0, 1, 5000))),
        "eligible": money(eligible),
    }
    if fee + other_fee <= eligible:
        line |= {"consultation_fee": money(fee), "diagnosis_fee": money(other_fee)}
    if city == "honghe" or draw.random() < 0.05:
        line["category"] = draw.choice(
            ("outpatient", "outpatient", "emergency", "chronic", "special", "negotiated_drug", "day_surgery")
        )
    if line["level"] == "primary" and draw.random() < 0.4:
        line["facility_kind"] = "village_station"
    if city != "shaoguan":
        line["status"] = draw.choice(("active", "retired", "flexible"))
    if city == "shijiazhuang":
        born = date(1976, 6, 1) + timedelta(days=draw.randrange(4 * 365))
        line["birth_date"] = draw.choice((born, date(1980, 2, 29), day.replace(year=1978, day=1))).isoformat()
    if draw.random() < 0.2:
        line["selected_from"] = f"{day.year}-{draw.randrange(1, day.month + 1):02d}"
    if line["category"] == "negotiated_drug":
        line["drug"] = draw.choice("abc")
    if line["category"] in ("chronic", "special"):
        codes = ("psychosis", "severe_psychosis", "uremia", "x", "y", "z")
        line["diseases"] = draw.choices(codes, k=draw.randrange(4))
        line["disease"] = draw.choice([*line["diseases"], *line["diseases"], "x", None])
    return line


def stream(draw, city):
    lines, open_ids = [], []
    for number in range(VISITS // len(PARAMETERS[city])):
        if open_ids and draw.random() < 0.05:
            gone = open_ids.pop(draw.randrange(len(open_ids)))
            lines.append({"id": str(number), "reverses": gone})
        else:
            lines.append(visit(draw, city, number))
            open_ids.append(str(number))
    return lines


@pytest.mark.parametrize(("city", "parameters"), RUNS)
def test_agrees_to_the_cent(city, parameters):
    draw = random.Random(f"{city} {sorted(parameters)}")
    lines = stream(draw, city)
    results = run_trial(pack=load_pack(city), visits=map(json.dumps, lines), parameters=parameters)
    wanted = naive.settle(city, lines, parameters)
    for line, result, naive_result in zip(lines, results, wanted, strict=True):
        got = tuple(result[key] for key in ("state", "reason", "deductible", "fund", "person"))
        assert got == naive_result, f"{line}\n{result}"
