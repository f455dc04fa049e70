"""Capitation: quota, monthly prepayment, monthly clearing, year end. Yuan as Decimal, heads as int.

A quota is a fixed sum for the people who selected a facility. Totals are rounded, never a figure per head;
usage is compared unrounded; every split sums to its whole.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from policies.money import ZERO, round_yuan
from policies.month import Month
from policies.pack import Pack
from policies.values import MissingParameter

MONTHS = 12


@dataclass(frozen=True, slots=True)
class CapitationTerms:
    """What a pack says of capitation in a month; rates in yuan per person and year, shares in percent."""

    article: str
    quota_rate: Decimal
    prepay_share: Decimal
    heads_month: str  # same | previous: whose heads the month's prepayment counts
    sharing: str  # surplus_share | whole_or_actual
    usage_threshold: Decimal
    surplus_share_from_threshold: Decimal | None
    surplus_share_below: Decimal | None
    clearing: str  # none | monthly
    deposit_rate: Decimal | None
    deposit_return_scale: tuple[tuple[Decimal, Decimal], ...] | None  # (score from, share), highest first
    deposit_article: str | None
    slots: tuple[str, ...]
    referrals_in_quota: bool


@dataclass(frozen=True, slots=True)
class Clearing:
    """A month's clearing: ``cleared`` is final, ``deposit`` kept of it, ``carry`` was prepaid too much."""

    cleared: Decimal
    deposit: Decimal
    payable: Decimal
    carry: Decimal


@dataclass(frozen=True, slots=True)
class Disbursement:
    """What a month really pays out, and what is left to take off the next one."""

    paid: Decimal
    carry: Decimal


@dataclass(frozen=True, slots=True)
class YearEnd:
    """A facility's year: facility's part + pool's part = quota while the actual is within it."""

    quota: Decimal
    actual: Decimal
    usage: Fraction | None  # None: there is no quota to use
    surplus: Decimal
    facility_share: Decimal  # of the surplus
    pool_share: Decimal  # of the surplus
    borne_by_facility: Decimal
    payable: Decimal
    flags: tuple[str, ...]  # zero_quota: cost without a quota; no_usage: a quota without cost


def capitation_terms(pack: Pack, month: Month) -> CapitationTerms | None:
    """The terms of a month, None when the pack has no capitation.

    Raises MissingParameter when a required figure is absent, NotInForce outside the pack's dates. A deposit
    scale nobody has entered is None: only the release of deposits waits for it.
    """
    spec = pack.capitation
    if spec is None:
        return None

    def figure(name: str) -> Decimal | None:
        return Decimal(pack.value(name, month)) if name in spec.values else None

    scale = article = None
    if "deposit_return_scale" in spec.values:
        entry = pack.entry("deposit_return_scale", month)
        article = entry.article
        if entry.figure is not None:
            pairs = ((Decimal(step["from"]), Decimal(step["share"])) for step in entry.figure)
            scale = tuple(sorted(pairs, reverse=True))
    return CapitationTerms(
        article=spec.article,
        quota_rate=figure("quota_rate"),
        prepay_share=figure("prepay_share"),
        heads_month=spec.heads_month,
        sharing=spec.sharing,
        usage_threshold=figure("usage_threshold"),
        surplus_share_from_threshold=figure("surplus_share_from_threshold"),
        surplus_share_below=figure("surplus_share_below"),
        clearing=spec.clearing,
        deposit_rate=figure("deposit_rate"),
        deposit_return_scale=scale,
        deposit_article=article,
        slots=spec.slots,
        referrals_in_quota=spec.referrals_in_quota,
    )


def prepayment(*, rate: Decimal, heads: int, share: Decimal) -> Decimal:
    """A month's prepayment in yuan: rate ÷ 12 × heads × share, rounded once.

    Heyuan 12(1); Shaoguan 9(2)2, where the heads are those of the month before.
    """
    _not_negative(rate=rate, heads=heads, share=share)
    return round_yuan(Fraction(rate) / MONTHS * heads * Fraction(share) / 100)


def annual_quota(*, rate: Decimal, person_months: int) -> Decimal:
    """A year's quota in yuan: rate ÷ 12 × Σ heads of its months, rounded once.

    Heyuan 12, Shaoguan 9(2)1.
    """
    return annual_quota_of([(rate, person_months)])


def annual_quota_of(parts: list[tuple[Decimal, int]]) -> Decimal:
    """The quota of a year in which the rate changed: (rate, person-months) pairs, rounded once together."""
    for rate, person_months in parts:
        _not_negative(rate=rate, person_months=person_months)
    return round_yuan(sum((Fraction(rate) / MONTHS * count for rate, count in parts), Fraction(0)))


def monthly_clearing(*, actual: Decimal, entitlement: Decimal, deposit_rate: Decimal) -> Clearing:
    """Last month's actual, at most that month's prepayment entitlement (yuan), less the quality deposit.

    Shaoguan 9(2)3: ``carry`` is what the prepayment was more than is payable now.
    """
    _not_negative(actual=actual, entitlement=entitlement, deposit_rate=deposit_rate)
    cleared = min(actual, entitlement)
    deposit = round_yuan(Fraction(cleared) * Fraction(deposit_rate) / 100)
    payable = cleared - deposit
    carry = entitlement - payable
    assert payable + deposit == cleared and payable + carry == entitlement
    return Clearing(cleared, deposit, payable, carry)


def disburse(*, entitlement: Decimal, carry: Decimal) -> Disbursement:
    """A month's prepayment in yuan after what earlier months paid too much; never below zero."""
    _not_negative(entitlement=entitlement, carry=carry)
    offset = min(entitlement, carry)
    return Disbursement(paid=entitlement - offset, carry=carry - offset)


def year_end(*, quota: Decimal, actual: Decimal, terms: CapitationTerms) -> YearEnd:
    """The year of a facility, all in yuan (Heyuan 12(2)(3), Shaoguan 9(2)4–5).

    Above the quota the facility bears the rest. Within it, ``surplus_share`` pays the actual and a share of
    the surplus that depends on usage; ``whole_or_actual`` pays the quota from the threshold on, the actual
    below it.
    """
    _not_negative(quota=quota, actual=actual)
    usage = Fraction(actual) / Fraction(quota) if quota else None
    surplus = max(quota - actual, ZERO)
    facility_share = round_yuan(Fraction(surplus) * _surplus_share(usage, terms) / 100)
    pool_share = surplus - facility_share
    payable = min(actual, quota) + facility_share
    borne = max(actual - quota, ZERO)
    flags = ("zero_quota",) if not quota and actual else ("no_usage",) if quota and not actual else ()
    assert facility_share + pool_share == surplus
    assert payable + pool_share == quota
    assert min(actual, quota) + borne == actual
    return YearEnd(quota, actual, usage, surplus, facility_share, pool_share, borne, payable, flags)


def _surplus_share(usage: Fraction | None, terms: CapitationTerms) -> Fraction:
    """The facility's share of the surplus in percent; exactly at the threshold counts as reached."""
    reached = usage is not None and usage * 100 >= Fraction(terms.usage_threshold)
    from_threshold, below = surplus_shares(terms)
    return Fraction(from_threshold if reached else below)


def surplus_shares(terms: CapitationTerms) -> tuple[Decimal, Decimal]:
    """The facility's shares of the surplus in percent: from the threshold on, and below it."""
    if terms.sharing == "whole_or_actual":
        return Decimal(100), Decimal(0)
    return terms.surplus_share_from_threshold, terms.surplus_share_below


def deposit_return_share(*, score: Decimal, terms: CapitationTerms) -> Decimal:
    """The percentage of the deposits that a score gives back; a score below every step none.

    Raises MissingParameter until the scale is entered (Shaoguan 9(2)3).
    """
    _not_negative(score=score)
    if terms.deposit_return_scale is None:
        raise MissingParameter("deposit_return_scale", terms.deposit_article or terms.article)
    return next((share for start, share in terms.deposit_return_scale if score >= start), Decimal(0))


def deposit_release(*, deposits: Decimal, score: Decimal, terms: CapitationTerms) -> Decimal:
    """What an assessment score gives back of the year's quality deposits, in yuan; the pool keeps the rest.

    Raises MissingParameter until the scale is entered (Shaoguan 9(2)3). A score below every step returns 0.
    """
    _not_negative(deposits=deposits)
    share = deposit_return_share(score=score, terms=terms)
    return round_yuan(Fraction(deposits) * Fraction(share) / 100)


def year_end_due(
    *, payable: Decimal, paid_in_advance: Decimal, released: Decimal = ZERO, deductions: Decimal = ZERO
) -> Decimal:
    """What is still due in yuan; negative: offset against the next prepayments.

    ``paid_in_advance`` is Σ prepayments (Heyuan 12) or Σ cleared (Shaoguan 9(2)3–4, which also has
    ``released`` deposits).
    """
    _not_negative(payable=payable, paid_in_advance=paid_in_advance, released=released, deductions=deductions)
    return payable - paid_in_advance + released - deductions


def _not_negative(**figures: Decimal | int) -> None:
    for name, figure in figures.items():
        if figure < 0:
            raise ValueError(f"{name} {figure} is negative")
