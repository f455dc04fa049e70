"""Gates on their own: precedence, what is lifted, and what a caller may leave out."""

from __future__ import annotations

import pytest

from policies.gates import GATES, first_gate
from policies.pack import available_packs, load_pack

OPEN = {"in_force": True, "covered": True, "certified": True, "level": "primary"}


def test_nobody_is_selected_referred_urgent_or_newborn_by_default():
    for city in ("heyuan", "shaoguan"):
        gates = load_pack(city).gates
        assert first_gate(gates, **OPEN) == "not_selected"
        assert first_gate(gates, **OPEN, selected=True) is None


def test_everything_fails_at_once_and_the_first_counts():
    gates = load_pack("heyuan").gates
    nothing = {"in_force": False, "covered": False, "certified": False, "level": "primary"}
    order = []
    for change in (
        {"in_force": True},
        {"clerk": None},
        {"selected": True},
        {"locality": "local"},
        {"certified": True},
        {"covered": True},
    ):
        given = {"locality": "unfiled", "clerk": "not_insured"} | nothing
        order.append(first_gate(gates, **given))
        nothing = given | change
    assert order == [
        "not_in_force",
        "not_insured",
        "not_selected",
        "out_of_area_unfiled",
        "not_certified",
        "category_not_covered",
    ]
    assert first_gate(gates, **nothing) is None


@pytest.mark.parametrize("city", available_packs())
@pytest.mark.parametrize("code", GATES)
def test_a_clerks_code_counts_in_every_pack(city, code):
    assert first_gate(load_pack(city).gates, **OPEN, selected=True, clerk=code) == code


LIFTED = {
    "heyuan": {"not_selected", "out_of_area_unfiled"},
    "honghe": {"facility_not_contracted", "not_selected", "out_of_area_unfiled"},
    "shaoguan": {"not_selected", "out_of_area_unfiled"},
    "shijiazhuang": set(),
    "nanchang": set(),
}


@pytest.mark.parametrize("city", available_packs())
def test_what_an_emergency_lifts(city):
    gates = load_pack(city).gates
    lifted = {code for code in GATES if first_gate(gates, **OPEN, emergency=True, clerk=code) is None}
    assert lifted == LIFTED[city]


@pytest.mark.parametrize("city", available_packs())
def test_what_a_newborn_lifts(city):
    gates = load_pack(city).gates
    lifted = {
        code for code in GATES if first_gate(gates, **OPEN, selected=True, newborn=True, clerk=code) is None
    }
    assert lifted == ({"not_insured", "not_selected"} if city == "shaoguan" else set())
