"""Monthly credits of personal accounts: who is credited, by which method, with which figure.

``credit_terms`` is the table a monthly run joins its people with; ``credit`` is the same for one person.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from policies.money import ZERO, round_yuan
from policies.month import Month
from policies.pack import Pack
from policies.sections import CreditSpec
from policies.values import GROUPS, MissingParameter, NotInForce

STOPS_RESETTLED = "credits_stop_when_resettled"


class MissingBase(ValueError):
    """A credit by percentage for somebody whose monthly base is not recorded."""


@dataclass(frozen=True, slots=True)
class CreditTerm:
    """How one status (of one retirement group; None: of any) is credited in a month.

    ``percent_of_base`` has ``rate`` in percent, ``flat`` has ``amount`` in yuan, ``none`` has neither,
    ``missing`` names the ``parameter`` somebody has to enter first.
    """

    status: str
    group: str | None
    method: str
    article: str
    rate: Decimal | None = None
    amount: Decimal | None = None
    parameter: str | None = None


def credit_terms(pack: Pack, month: Month) -> list[CreditTerm]:
    """The terms of every credit status in a month, one row per status and retirement group.

    Raises NotInForce for a month whose first day is outside the pack's dates.
    """
    if not pack.in_force(month.first_day):
        raise NotInForce(f"{pack.name} is not in force on {month.first_day}")
    return [term for status, specs in pack.credits.items() for term in _terms(pack, month, status, specs)]


def resettled_stop(pack: Pack, month: Month) -> str | None:
    """The article by which whoever is resettled elsewhere is credited nothing in the month (Nanchang 28)."""
    if STOPS_RESETTLED not in pack.values:
        return None
    option = pack.entry(STOPS_RESETTLED, month)
    return option.article if option.figure else None


def credit(term: CreditTerm, base: Decimal | None) -> Decimal:
    """One month's credit in yuan, rounded half up once; ``base`` is the person's monthly base in yuan.

    Raises MissingParameter when the term lacks its figure, MissingBase when it needs a base that is None,
    ValueError for a negative base.
    """
    if term.method == "none":
        return ZERO
    if term.method == "missing":
        raise MissingParameter(term.parameter, term.article)
    if term.method == "flat":
        return term.amount
    if base is None:
        raise MissingBase(f"a credit of {term.rate} % (article {term.article}) needs a base")
    if base < 0:
        raise ValueError(f"the base {base} is negative")
    return round_yuan(Fraction(base) * Fraction(term.rate) / 100)


def _terms(pack: Pack, month: Month, status: str, specs: tuple[CreditSpec, ...]) -> list[CreditTerm]:
    """One row, or one per retirement group where a figure of the status is by group."""
    by_group = any(
        spec.value is not None
        and (pack.values[spec.value].by or isinstance(pack.entry(spec.value, month).figure, dict))
        for spec in specs
    )
    return [_term(pack, month, status, specs, group) for group in (GROUPS if by_group else (None,))]


def _term(
    pack: Pack, month: Month, status: str, specs: tuple[CreditSpec, ...], group: str | None
) -> CreditTerm:
    """The first way of a status that has a figure; where none has, the last one is missing."""
    for spec in specs:
        if spec.method == "none":
            return CreditTerm(status, group, "none", spec.article)
        figure = pack.entry(spec.value, month).figure
        if isinstance(figure, dict):
            figure = figure.get(group)
        if figure is not None and spec.method == "flat":
            return CreditTerm(status, group, "flat", spec.article, amount=round_yuan(figure))
        if figure is not None:
            return CreditTerm(status, group, "percent_of_base", spec.article, rate=Decimal(figure))
    return CreditTerm(status, group, "missing", specs[-1].article, parameter=specs[-1].value)
