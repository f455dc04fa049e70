"""Amounts in capital numerals, among them the examples of the central bank's rules for notes."""

from decimal import Decimal

import pytest

from settlement.amount_words import in_words


@pytest.mark.parametrize(
    ("amount", "words"),
    [
        # the rules' own examples
        ("1409.50", "壹仟肆佰零玖元伍角"),
        ("6007.14", "陆仟零柒元壹角肆分"),
        ("1680.32", "壹仟陆佰捌拾元零叁角贰分"),
        ("107000.53", "壹拾万柒仟元零伍角叁分"),
        ("16409.02", "壹万陆仟肆佰零玖元零贰分"),
        ("325.04", "叁佰贰拾伍元零肆分"),
        # 整 after 元 only
        ("0.00", "零元整"),
        ("10", "壹拾元整"),
        ("12.30", "壹拾贰元叁角"),
        ("0.30", "叁角"),
        ("0.05", "伍分"),
        # one 零 for however many zeros, none at the end
        ("101", "壹佰零壹元整"),
        ("1001.01", "壹仟零壹元零壹分"),
        ("20.05", "贰拾元零伍分"),
        ("100000.00", "壹拾万元整"),
        ("1000001", "壹佰万零壹元整"),
        ("100005000", "壹亿零伍仟元整"),
        ("100010000", "壹亿零壹万元整"),
        ("100000000000.00", "壹仟亿元整"),
        (
            "999999999999.99",
            "玖仟玖佰玖拾玖亿玖仟玖佰玖拾玖万玖仟玖佰玖拾玖元玖角玖分",
        ),
    ],
)
def test_amounts_are_written_out(amount, words):
    assert in_words(Decimal(amount)) == words


@pytest.mark.parametrize("amount", ["-0.01", "0.001", "1000000000000"])
def test_what_is_no_amount_of_money_is_refused(amount):
    with pytest.raises(ValueError, match="no amount of money"):
        in_words(Decimal(amount))
