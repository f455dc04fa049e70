"""The identities of a visit, and every code of every pack said in two languages."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policies.adjudicate import Step
from policies.amounts import check_parts, person_part
from policies.gates import GATES
from policies.labels import GATE_LABELS, PARAMETER_LABELS, STEP_LABELS, explain, explain_missing
from policies.pack import available_packs, load_pack
from policies.parameters import PARAMETERS, WITHOUT_SHAPE

fen = st.integers(0, 10_000)


def test_parts_come_to_the_total():
    parts = {"full_self_paid": 1, "over_price": 2, "prior_self_paid": 3, "eligible": 4}
    check_parts(total=10, **parts)
    for total in (9, 11):
        with pytest.raises(ValueError, match="come to 10"):
            check_parts(total=total, **parts)
    with pytest.raises(ValueError, match="negative"):
        check_parts(total=8, **parts | {"full_self_paid": -1})


def test_nothing_of_a_visit_may_be_nothing():
    check_parts(total=0, full_self_paid=0, over_price=0, prior_self_paid=0, eligible=0)


def test_own_account_first_then_the_grantor_then_cash():
    assert person_part(amount=100, own_balance=100, family_balance=50) == (100, 0, 0)
    assert person_part(amount=100, own_balance=60, family_balance=50) == (60, 40, 0)
    assert person_part(amount=100, own_balance=60, family_balance=30) == (60, 30, 10)
    assert person_part(amount=100, own_balance=0) == (0, 0, 100)
    assert person_part(amount=0, own_balance=5) == (0, 0, 0)


@given(amount=fen, own=fen, family=fen)
def test_the_person_pays_exactly_their_part(amount, own, family):
    parts = person_part(amount=amount, own_balance=own, family_balance=family)
    assert sum(parts) == amount
    assert 0 <= parts.account <= own and 0 <= parts.family_account <= family and parts.cash >= 0
    assert parts.family_account == 0 or parts.account == own
    assert parts.cash == 0 or parts.family_account == family


def test_negatives_are_refused():
    for name in ("amount", "own_balance", "family_balance"):
        with pytest.raises(ValueError, match="negative"):
            person_part(**{"amount": 1, "own_balance": 1, "family_balance": 1} | {name: -1})


def test_every_code_has_its_words():
    assert list(GATE_LABELS) == list(GATES)
    assert set(PARAMETER_LABELS) == {*PARAMETERS, *WITHOUT_SHAPE}
    for name in available_packs():
        pack = load_pack(name)
        assert {v.name for v in pack.values.values() if v.parameter} <= set(PARAMETER_LABELS)
        for category in pack.categories.values():
            for line in category.lines:
                limits = (*line.limits, *(line.beyond.limits if line.beyond else ()))
                assert {f"{limit.counter}_limit" for limit in limits} <= set(STEP_LABELS)


def test_an_explanation_in_words():
    text = explain(Step("5(2)", "visit_limit", 6000))
    assert (text.zh, text.en) == (
        "第5(2)条 单次支付限额：60.00元",
        "Article 5(2), limit per visit: 60.00 yuan",
    )
    assert "not insured" in explain(Step("4", "not_insured", 0)).en
    held = explain_missing("inpatient_rate", "12")
    assert "12" in held.zh and "inpatient rates" in held.en
