"""What the fund pays for one visit: gates, deductible, rate, limits, in the order of the documents.

``adjudicate(visit, terms, used)`` is pure and works on whole 分. ``terms`` say how such a visit is paid
(terms.py resolves them once per combination of facts); ``used`` are the person's counters of the year:
named sums in 分, of deductibles and of what the fund paid within each limit. An outcome carries the ``delta``
it adds to them, so a reversal takes back exactly that.

Inside a line amounts are counted in 1/SCALE 分, fine enough for a percentage with four decimals of a twelfth
of a 分: nothing is rounded before the one rounding of the line (reading 1).
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

TWELFTHS = 12  # deductibles may be halved, limits prorated by twelfths
RATE_ONE = 1_000_000  # a rate of 100 %
SCALE = TWELFTHS * RATE_ONE
HALF = SCALE // 2

REST, CONSULTATION_FEE, DIAGNOSIS_FEE = 1, 2, 3  # where a Visit keeps the cost of a line


class Visit(NamedTuple):
    """What was spent, in whole 分; ``gate`` is the code of what bars payment, if anything does."""

    total: int
    eligible: int
    consultation_fee: int = 0
    diagnosis_fee: int = 0
    drug: str | None = None
    gate: str | None = None


class Limit(NamedTuple):
    """The most the fund pays within one counter, in 1/SCALE 分; ``most`` None: counted, not limited."""

    counter: str
    most: int | None
    article: str


class Beyond(NamedTuple):
    """How the part of a visit that crosses the line's limit is paid."""

    rate: int
    limits: tuple[Limit, ...]
    article: str
    missing: tuple[tuple[str, str], ...]  # (parameter, article): a visit that crosses is held


class Line(NamedTuple):
    """One payment line. Rates in millionths, the deductible in twelfths of 分, limits in 1/SCALE 分."""

    part: int
    cap: int | None  # 分
    deductible: int
    deductible_counter: str | None  # None: per visit
    per_drug: bool
    rate: int
    visit_limit: int | None
    limits: tuple[Limit, ...]
    beyond: Beyond | None
    articles: Mapping[str, str]  # of cap, deductible, rate, visit_limit


class Terms(NamedTuple):
    """How visits of one combination of facts are paid; ``missing`` parameters hold them."""

    lines: tuple[Line, ...]
    own_fees: tuple[int, ...]  # parts with a line of their own, taken out of the rest
    missing: tuple[tuple[str, str], ...] = ()  # (parameter, article)


class Step(NamedTuple):
    """One step of the explanation: which rule of which article, and the amount in 分 it came to."""

    article: str
    rule: str
    amount: int


class Outcome(NamedTuple):
    """What became of a visit, in whole 分; eligible = deductible + fund + copay + over_limit.

    The deductible is shown rounded, so a halved one at a rate of 100 % may leave a copay of -1 分.
    """

    state: str  # paid | denied | held
    reason: str | None
    deductible: int
    fund: int
    copay: int
    over_limit: int
    delta: Mapping[str, int]
    missing: tuple[tuple[str, str], ...] = ()


NOTHING: Mapping[str, int] = MappingProxyType({})


def adjudicate(
    visit: Visit, terms: Terms | None, used: Mapping[str, int], steps: list[Step] | None = None
) -> Outcome:
    """Settle one visit against what the person used so far this year; appends to ``steps`` when asked to.

    Denied by ``visit.gate`` (which needs no terms), held for a missing parameter, else paid; ``used`` is not
    changed (see ``book``).
    """
    if visit.gate is not None:
        return Outcome("denied", visit.gate, 0, 0, visit.eligible, 0, NOTHING)
    if terms.missing:
        return Outcome("held", "parameter_missing", 0, 0, 0, 0, NOTHING, terms.missing)
    rest = visit.eligible
    for part in terms.own_fees:
        rest -= visit[part]
    delta: dict[str, int] = {}
    deductible = fund = over_limit = 0
    for line in terms.lines:
        cost = rest if line.part == REST else visit[line.part]
        payable = cost
        if line.cap is not None and cost > line.cap:
            payable = line.cap
            over_limit += cost - payable
        base = payable * TWELFTHS
        charged = 0
        if line.deductible:
            counter = line.deductible_counter
            charged = line.deductible
            if counter is not None:
                if line.per_drug:
                    counter = f"{counter}:{visit.drug}"
                charged -= (used.get(counter, 0) + delta.get(counter, 0)) * TWELFTHS
            charged = max(0, min(charged, base))
            if counter is not None and charged:
                delta[counter] = delta.get(counter, 0) + charged // TWELFTHS
            base -= charged
            deductible += charged
        exact = base * line.rate
        amount = (exact + HALF) // SCALE
        if steps is not None:
            _explain_base(steps, line, cost, charged, amount)
        if line.beyond is None:
            paid = _limited(exact, line, used, delta, steps)
            over_limit += amount - paid
        else:
            paid, cut = _with_beyond(exact, amount, line, used, delta, steps)
            over_limit += cut
            if paid is None:
                return Outcome("held", "parameter_missing", 0, 0, 0, 0, NOTHING, line.beyond.missing)
        fund += paid
    shown = (deductible + TWELFTHS // 2) // TWELFTHS
    copay = visit.eligible - shown - fund - over_limit
    return Outcome("paid", None, shown, fund, copay, over_limit, delta)


def _limited(
    exact: int, line: Line, used: Mapping[str, int], delta: dict[str, int], steps: list[Step] | None
) -> int:
    """The line's payment in 分 within its visit limit and all its nested limits, rounded once."""
    binding = None
    if line.visit_limit is not None and line.visit_limit < exact:
        exact = line.visit_limit
        binding = Step(line.articles["visit_limit"], "visit_limit", 0)
    for counter, most, article in line.limits:
        if most is not None:
            room = most - (used.get(counter, 0) + delta.get(counter, 0)) * SCALE
            if room < exact:
                exact = max(room, 0)
                binding = Step(article, f"{counter}_limit", 0)
    paid = (exact + HALF) // SCALE
    if paid:
        for limit in line.limits:
            delta[limit.counter] = delta.get(limit.counter, 0) + paid
    if steps is not None and binding is not None:
        steps.append(binding._replace(amount=paid))
    return paid


def _with_beyond(
    exact: int,
    amount: int,
    line: Line,
    used: Mapping[str, int],
    delta: dict[str, int],
    steps: list[Step] | None,
) -> tuple[int | None, int]:
    """(payment, cut off by the further limits) in 分 of a line whose limit overflows into another rate.

    While the rounded payment fits the room it is paid and nothing else happens. Otherwise the room is paid,
    having used room ÷ rate of the cost exactly, and the rest of the cost is paid at the rate beyond. A
    payment of None: the visit crosses, and the figures beyond are missing.
    """
    limit, beyond = line.limits[0], line.beyond
    room = max(limit.most // SCALE - used.get(limit.counter, 0) - delta.get(limit.counter, 0), 0)
    if amount <= room:
        if amount:
            delta[limit.counter] = delta.get(limit.counter, 0) + amount
        return amount, 0
    if beyond.missing:
        return None, 0
    within = Step(limit.article, f"{limit.counter}_limit", room)
    crossing = (exact - room * SCALE) * beyond.rate  # ÷ line.rate ÷ SCALE: the rest of the cost at its rate
    rest = (2 * crossing + line.rate * SCALE) // (2 * line.rate * SCALE)
    paid = rest
    for counter, most, _ in beyond.limits:
        if most is not None:
            left = most // SCALE - used.get(counter, 0) - delta.get(counter, 0)
            paid = max(min(paid, left), 0)
    if room:
        delta[limit.counter] = delta.get(limit.counter, 0) + room
    if paid:
        for further in beyond.limits:
            delta[further.counter] = delta.get(further.counter, 0) + paid
    if steps is not None:
        steps += [within, Step(beyond.article, "beyond_limit", rest)]
        if paid < rest:
            steps.append(Step(beyond.limits[0].article, f"{beyond.limits[0].counter}_limit", paid))
    return room + paid, rest - paid


def _explain_base(steps: list[Step], line: Line, cost: int, charged: int, amount: int) -> None:
    articles = line.articles
    if line.part != REST and not cost:
        return
    if line.cap is not None and cost > line.cap:
        steps.append(Step(articles["cap"], "fee_cap", line.cap))
    if line.deductible:
        steps.append(Step(articles["deductible"], "deductible", (charged + TWELFTHS // 2) // TWELFTHS))
    steps.append(Step(articles["rate"], "rate", amount))


def book(used: dict[str, int], outcome: Outcome) -> None:
    """Add what an outcome used to the person's counters of the year."""
    for counter, amount in outcome.delta.items():
        used[counter] = used.get(counter, 0) + amount


def unbook(used: dict[str, int], outcome: Outcome) -> None:
    """Give back exactly what an outcome used; a counter that returns to nothing is dropped."""
    for counter, amount in outcome.delta.items():
        left = used[counter] - amount
        if left:
            used[counter] = left
        else:
            del used[counter]
