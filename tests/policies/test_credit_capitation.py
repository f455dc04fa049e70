"""Credits and capitation beyond the documents' figures: every status, sums to the whole, refusals."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policies.capitation import (
    annual_quota,
    annual_quota_of,
    capitation_terms,
    deposit_release,
    disburse,
    monthly_clearing,
    prepayment,
    year_end,
    year_end_due,
)
from policies.credit import credit, credit_terms
from policies.money import round_half_up, round_yuan, text_of, to_fen, to_yuan
from policies.month import Month
from policies.pack import available_packs, load_pack
from policies.sections import CREDIT_STATUSES
from policies.values import MissingParameter, NotInForce

yuan = st.integers(0, 10**9).map(to_yuan)
SHARED = capitation_terms(load_pack("heyuan"), Month(2023, 1))
WHOLE = capitation_terms(load_pack("shaoguan"), Month(2023, 1))
both = st.sampled_from([SHARED, WHOLE])


@pytest.mark.parametrize("city", available_packs())
def test_every_status_has_a_term_with_an_article(city):
    terms = credit_terms(load_pack(city), Month(2023, 1))
    assert [status for status in CREDIT_STATUSES if status not in {t.status for t in terms}] == []
    assert all(term.article for term in terms)
    assert len({(term.status, term.group) for term in terms}) == len(terms)
    for term in terms:
        assert (term.rate is not None) == (term.method == "percent_of_base")
        assert (term.amount is not None) == (term.method == "flat")
        assert (term.parameter is not None) == (term.method == "missing")


def test_credits_outside_the_pack():
    with pytest.raises(NotInForce):
        credit_terms(load_pack("heyuan"), Month(2022, 7))
    with pytest.raises(NotInForce):
        credit_terms(load_pack("shaoguan"), Month(2028, 1))


def test_a_negative_base_is_refused():
    [active] = [t for t in credit_terms(load_pack("heyuan"), Month(2023, 1)) if t.status == "active"]
    with pytest.raises(ValueError, match="negative"):
        credit(active, Decimal("-0.01"))


def test_terms_of_the_two_capitations():
    assert (SHARED.sharing, SHARED.heads_month, SHARED.clearing, SHARED.deposit_rate) == (
        "surplus_share",
        "same",
        "none",
        None,
    )
    assert (SHARED.quota_rate, SHARED.prepay_share, SHARED.slots) == (320, 80, ("facility",))
    assert (WHOLE.sharing, WHOLE.heads_month, WHOLE.clearing, WHOLE.deposit_rate) == (
        "whole_or_actual",
        "previous",
        "monthly",
        5,
    )
    assert (WHOLE.quota_rate, WHOLE.prepay_share, WHOLE.slots) == (60, 80, ("primary", "station"))
    assert not SHARED.referrals_in_quota and WHOLE.referrals_in_quota
    assert WHOLE.deposit_return_scale is None
    assert capitation_terms(load_pack("nanchang"), Month(2023, 1)) is None
    with pytest.raises(NotInForce):
        capitation_terms(load_pack("heyuan"), Month(2022, 7))
    with pytest.raises(MissingParameter) as raised:
        deposit_release(deposits=Decimal(1), score=Decimal(90), terms=WHOLE)
    assert raised.value.article == "9(2)3"


@given(quota=yuan, actual=yuan, terms=both)
def test_a_year_sums_to_its_whole(quota, actual, terms):
    year = year_end(quota=quota, actual=actual, terms=terms)
    assert year.payable + year.pool_share == quota
    assert year.facility_share + year.pool_share == year.surplus
    assert year.payable + year.borne_by_facility == actual + year.facility_share
    assert 0 <= year.payable <= quota
    assert year.usage == (Fraction(actual) / Fraction(quota) if quota else None)


@given(actual=yuan, entitlement=yuan)
def test_a_clearing_sums_to_its_whole(actual, entitlement):
    month = monthly_clearing(actual=actual, entitlement=entitlement, deposit_rate=Decimal(5))
    assert month.cleared == min(actual, entitlement)
    assert month.payable + month.deposit == month.cleared
    assert month.payable + month.carry == entitlement
    assert min(month.payable, month.deposit, month.carry) >= 0


@given(entitlement=yuan, carry=yuan)
def test_a_disbursement_loses_nothing(entitlement, carry):
    month = disburse(entitlement=entitlement, carry=carry)
    assert month.paid + carry - month.carry == entitlement
    assert min(month.paid, month.carry) >= 0


@given(heads=st.integers(0, 10**6))
def test_heads_are_rounded_in_total_only(heads):
    month = prepayment(rate=Decimal(320), heads=heads, share=Decimal(80))
    assert abs(Fraction(month) - Fraction(64 * heads, 3)) <= Fraction(1, 200)
    assert annual_quota(rate=Decimal(320), person_months=12 * heads) == 320 * heads


def test_a_rate_that_changes_within_the_year_is_rounded_once():
    # 320 ÷ 12 + 320.01 ÷ 12 × 2 = 26.6666… + 53.335 = 80.00166…
    assert annual_quota_of([(Decimal(320), 1), (Decimal("320.01"), 2)]) == Decimal("80.00")
    assert annual_quota_of([]) == Decimal("0.00")


@pytest.mark.parametrize(
    "call",
    [
        lambda minus: prepayment(rate=Decimal(320), heads=minus, share=Decimal(80)),
        lambda minus: annual_quota(rate=Decimal(320), person_months=minus),
        lambda minus: monthly_clearing(actual=minus, entitlement=Decimal(1), deposit_rate=Decimal(5)),
        lambda minus: disburse(entitlement=Decimal(1), carry=minus),
        lambda minus: year_end(quota=Decimal(1), actual=minus, terms=SHARED),
        lambda minus: deposit_release(deposits=minus, score=Decimal(1), terms=WHOLE),
        lambda minus: year_end_due(payable=Decimal(1), paid_in_advance=minus),
    ],
)
def test_negative_figures_are_refused(call):
    with pytest.raises(ValueError, match="negative"):
        call(Decimal("-0.01"))


def test_money():
    assert [round_half_up(n, 2) for n in (1, 3, -1, -3, 2)] == [1, 2, -1, -2, 1]
    assert [round_half_up(n, 3) for n in (1, 2, 4, 5)] == [0, 1, 1, 2]
    assert str(round_yuan(Decimal("0.005"))) == "0.01"
    assert str(round_yuan(Fraction(1, 3))) == "0.33"
    assert str(round_yuan(5)) == "5.00"
    assert to_fen(Decimal("1.10")) == 110
    assert [text_of(n) for n in (0, 5, -5, 6000, -123)] == ["0.00", "0.05", "-0.05", "60.00", "-1.23"]
    for wrong in (lambda: round_yuan(0.1), lambda: to_fen(0.1)):
        with pytest.raises(TypeError):
            wrong()
    with pytest.raises(ValueError, match="whole"):
        to_fen(Decimal("0.005"))
    with pytest.raises(ValueError, match="positive"):
        round_half_up(1, 0)
