"""Exact money. Inside: whole 分 (int). Outside: yuan as Decimal with two places. Never a float.

Every rounding of the project is one of the two functions here: half up to 0.01, once per payment line
(reading 1). Amounts that the rules compare unrounded stay Fractions until then.
"""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

CENT = Decimal("0.01")
ZERO = Decimal("0.00")


def round_half_up(numerator: int, denominator: int) -> int:
    """The quotient as a whole number, halves away from zero; raises ValueError on a denominator below 1."""
    if denominator < 1:
        raise ValueError(f"denominator {denominator} is not positive")
    if numerator < 0:
        return -round_half_up(-numerator, denominator)
    return (2 * numerator + denominator) // (2 * denominator)


def round_yuan(amount: Decimal | Fraction | int) -> Decimal:
    """An exact amount in yuan rounded half up to two places; raises TypeError for a float."""
    if isinstance(amount, float):
        raise TypeError("money is never a float")
    exact = Fraction(amount) * 100
    return to_yuan(round_half_up(exact.numerator, exact.denominator))


def to_fen(amount: Decimal | int) -> int:
    """Yuan to whole 分; raises ValueError when the amount has a part of a 分, TypeError for a float."""
    if isinstance(amount, float):
        raise TypeError("money is never a float")
    exact = Fraction(amount) * 100
    if exact.denominator != 1:
        raise ValueError(f"{amount} yuan is not a whole number of 分")
    return exact.numerator


def to_yuan(fen: int) -> Decimal:
    """Whole 分 to yuan with two places."""
    return Decimal(fen).scaleb(-2)


def text_of(fen: int) -> str:
    """Whole 分 as text in yuan with exactly two decimals: 6000 → ``60.00``, -5 → ``-0.05``."""
    sign = "-" if fen < 0 else ""
    return f"{sign}{abs(fen) // 100}.{abs(fen) % 100:02d}"
