"""What the trial does not show: copay, what limits cut off, and what an outcome adds to the counters."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from policies.adjudicate import NOTHING, Outcome, Visit, adjudicate, book, unbook
from policies.pack import load_pack
from policies.parameters import with_parameters
from policies.terms import TermsBook

DAY = date(2023, 5, 10)


def settle(city, visit, used=NOTHING, parameters=None, **facts):
    terms = TermsBook(with_parameters(load_pack(city), parameters or {}))
    case = terms.case(DAY, **{"category": "outpatient", "level": "primary"} | facts)
    return adjudicate(visit, terms.terms(DAY, case), used)


def test_a_visit_has_no_fees_unless_it_says_so():
    assert Visit(100, 90) == (100, 90, 0, 0, None, None)


def test_within_all_limits():
    assert settle("heyuan", Visit(1000, 1000)) == Outcome("paid", None, 0, 700, 300, 0, {"annual": 700})


def test_the_visit_limit_cuts():
    outcome = settle("heyuan", Visit(20_500, 20_000))  # 140.00, at most 60.00
    assert outcome == Outcome("paid", None, 0, 6000, 6000, 8000, {"annual": 6000})


def test_the_annual_limit_cuts_what_the_visit_limit_left():
    outcome = settle("heyuan", Visit(20_000, 20_000), used={"annual": 179_000})
    assert outcome == Outcome("paid", None, 0, 1000, 6000, 13_000, {"annual": 1000})


def test_more_used_than_a_limit_allows_is_no_debt():
    outcome = settle("heyuan", Visit(1000, 1000), used={"annual": 200_000})
    assert outcome == Outcome("paid", None, 0, 0, 300, 700, {})


def test_the_excess_of_a_fee_is_over_the_limit():
    outcome = settle("shaoguan", Visit(3000, 3000, consultation_fee=1500))  # 10 of 15; 7.00 + 10.50
    assert outcome == Outcome("paid", None, 0, 1750, 750, 500, {"annual": 1750})


def test_nested_limits_both_count():
    outcome = settle(
        "shaoguan", Visit(10_000, 10_000), used={"annual": 100, "out_of_city": 100}, locality="filed"
    )
    assert outcome == Outcome("paid", None, 0, 5900, 3000, 1100, {"annual": 5900, "out_of_city": 5900})


def test_a_limit_without_a_figure_counts():
    outcome = settle("shijiazhuang", Visit(20_000, 20_000), level=None, born=date(1990, 1, 1))
    delta = {"deductible": 10_000, "annual": 6000, "basic": 6000}
    assert outcome == Outcome("paid", None, 10_000, 6000, 4000, 0, delta)


def test_a_used_deductible_is_not_taken_below_nothing():
    outcome = settle("shijiazhuang", Visit(1000, 1000), used={"deductible": 20_000}, level=None)
    assert (outcome.deductible, outcome.fund) == (0, 600)


def test_two_lines_share_a_deductible_and_a_limit():
    outcome = settle(
        "nanchang",
        Visit(61_000, 61_000, diagnosis_fee=2000),  # 590 other, 10 of the fee; 10.00 × 60 %
        parameters={"combined_annual_limit": Decimal("5.00")},
    )
    assert outcome == Outcome("paid", None, 60_000, 500, 400, 100, {"deductible": 60_000, "combined": 500})


def test_a_drug_has_a_counter_of_its_own():
    parameters = {"inpatient_rate": {"active": {"primary": 90}}, "inpatient_limit": 1000}
    outcome = settle(
        "honghe", Visit(90_000, 90_000, drug="d1"), parameters=parameters, category="negotiated_drug"
    )
    assert outcome.delta == {"drug_deductible:d1": 80_000, "inpatient": 9000}


def test_a_limit_that_could_overflow_and_does_not():
    outcome = settle("honghe", Visit(20_000, 20_000))
    assert outcome == Outcome("paid", None, 3000, 10_200, 6800, 0, {"outpatient": 10_200})


BEYOND = {"inpatient_rate": {"active": {"tertiary": 80}}, "inpatient_limit": 300}


def test_what_the_limit_beyond_cuts_off():
    # 1000 after the deductible; room 200 uses 400; 600 × 80 % = 480, at most 300
    outcome = settle("honghe", Visit(109_000, 109_000), {"outpatient": 480_000}, BEYOND, level="tertiary")
    delta = {"outpatient": 20_000, "inpatient": 30_000}
    assert outcome == Outcome("paid", None, 9000, 50_000, 32_000, 18_000, delta)


def test_no_room_on_either_side():
    used = {"outpatient": 500_000, "inpatient": 40_000}
    outcome = settle("honghe", Visit(109_000, 109_000), used, BEYOND, level="tertiary")
    assert outcome == Outcome("paid", None, 9000, 0, 20_000, 80_000, {})


def test_a_halved_deductible_at_the_full_rate_is_shown_rounded():
    parameters = {
        "inpatient_rate": {"active": {"primary": 100}},
        "inpatient_limit": 1000,
        "inpatient_deductible": {"primary": Decimal("200.01")},
    }
    outcome = settle("honghe", Visit(10_001, 10_001), parameters=parameters, category="day_surgery")
    assert (outcome.deductible, outcome.fund, outcome.copay) == (10_001, 1, -1)  # 100.005 and 0.005


def test_held_and_denied_touch_nothing():
    missing = tuple((f"inpatient_{name}", "12") for name in ("rate", "deductible", "limit"))
    held = settle("honghe", Visit(1000, 1000), category="emergency")
    assert held == Outcome("held", "parameter_missing", 0, 0, 0, 0, {}, missing)
    crossing = settle("honghe", Visit(90_000, 90_000), {"outpatient": 499_999})
    missing = (("inpatient_rate", "9.3"), ("inpatient_limit", "9.3"))
    assert crossing == Outcome("held", "parameter_missing", 0, 0, 0, 0, {}, missing)
    denied = adjudicate(Visit(1000, 900, gate="abroad"), None, {})
    assert denied == Outcome("denied", "abroad", 0, 0, 900, 0, {})


def test_booking_and_unbooking():
    used = {"annual": 100}
    outcome = settle("heyuan", Visit(1000, 1000), used)
    book(used, outcome)
    assert used == {"annual": 800}
    unbook(used, outcome)
    assert used == {"annual": 100}
    unbook(used, outcome._replace(delta={"annual": 100}))
    assert used == {}
    with pytest.raises(KeyError):
        unbook(used, outcome)
