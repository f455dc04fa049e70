"""The smaller sections of a pack file: credits, account rules, capitation; read and checked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from policies.node import Node, PackError
from policies.values import Text, Value, read_text

CREDIT_STATUSES = (
    "active",
    "flexible",
    "unemployed_paid",
    "injury_paid",
    "retired",
    "inpatient_only",
    "sponsored_retiree",
    "resident",
)
# Whom accounts pay: facilities other than pharmacies, pharmacies, the fund's account of collected premiums.
PAID_TO = ("facility", "pharmacy", "premiums")
CREDIT_METHODS = {"percent_of_base": "percent", "flat": "yuan"}
# What may be credited for several months at once, beside the monthly credits.
AT_ONCE = ("prepaid", "back_paid", "supplement")


@dataclass(frozen=True, slots=True)
class CreditSpec:
    """One way a status is credited; ``value`` None for the method ``none``."""

    method: str
    value: str | None
    article: str


@dataclass(frozen=True, slots=True)
class Rule:
    """A use or ban of accounts: a code, its article, its days, what it says.

    A use may stand in several rows of the same code, for other people or days. ``paid_to`` says who is paid.
    """

    code: str
    article: str
    starts: date | None
    ends: date | None
    people: tuple[str, ...]
    paid_to: tuple[str, ...]
    text: Text


# Where the money of an account goes: to bank accounts of the person, of heirs or of the employer, to heirs'
# own accounts, to the agency of another area; nowhere where it stays usable.
PAYOUT_WAYS = ("person", "heirs", "heir_accounts", "employer", "agency", "nobody")


@dataclass(frozen=True, slots=True)
class PayoutRule:
    """A reason for which an account is paid out or moved.

    ``ways`` are where the money may go, each with the documents it takes, by their code in the pack's
    ``evidence``; ``needs`` is what has to be on record of the person first: ``died``, ``ended`` (insurance
    here is over) or None. What was credited too long and cannot be deducted is owed by ``recover_from``.
    """

    code: str
    article: str
    ways: Mapping[str, tuple[str, ...]]
    closes: bool
    needs: str | None
    recover_from: str
    text: Text


@dataclass(frozen=True, slots=True)
class CapitationSpec:
    """How a pack's capitation is shaped; the names are those of its values."""

    article: str
    sharing: str  # surplus_share: both sides share the surplus; whole_or_actual: whole quota from a threshold
    heads_month: str  # same | previous: whose heads a month's prepayment counts
    clearing: str  # none | monthly
    slots: tuple[str, ...]
    referrals_in_quota: bool
    values: tuple[str, ...]


# What a document says of choosing a facility, each with its article: how often and until when, where, from
# which month a change holds and what it needs, and who may send a patient elsewhere.
SELECTION_RULES = ("once", "place", "change", "takes_effect", "referral")


@dataclass(frozen=True, slots=True)
class SelectionSpec:
    """How a pack has people choose their facility."""

    outside: bool  # whether the one facility may lie outside the city
    articles: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class FamilySpec:
    """Relatives who are insured elsewhere in the province may use an account too."""

    article: str


def read_credits(accounts: Node | None, values: dict[str, Value]) -> dict[str, tuple[CreditSpec, ...]]:
    """For every status the ways it is credited: the first that has a figure applies."""
    if accounts is None:
        raise PackError("accounts: missing")
    node = accounts.node("credits")
    credits = {}
    for status in CREDIT_STATUSES:
        if isinstance(node.data.get(status), list):
            specs = tuple(_credit(item, values) for item in node.nodes(status))
        else:
            specs = (_credit(node.node(status), values),)
        if not specs:
            raise PackError(f"{node.at(status)}: empty")
        credits[status] = specs
    node.close()
    return credits


def _credit(node: Node, values: dict[str, Value]) -> CreditSpec:
    method = node.one_of("method", (*CREDIT_METHODS, "none"))
    name = None
    if method != "none":
        name = node.text("value")
        if name not in values or values[name].unit != CREDIT_METHODS[method]:
            raise PackError(f"{node.at('value')}: no value in {CREDIT_METHODS[method]} is named {name}")
    spec = CreditSpec(method, name, node.text("article"))
    node.close()
    return spec


def read_at_once(accounts: Node | None) -> dict[str, str]:
    """What is credited at once, each with its article; what is not named is not."""
    node = accounts.node_or_none("at_once") if accounts else None
    if node is None:
        return {}
    kinds = {}
    for kind, inner in ((kind, node.node_or_none(kind)) for kind in AT_ONCE):
        if inner is not None:
            kinds[kind] = inner.text("article")
            inner.close()
    node.close()
    return kinds


def read_rules(accounts: Node | None, key: str) -> tuple[Rule, ...]:
    rules = []
    for node in accounts.nodes(key, []) if accounts else []:
        people = node.some_of("people", ("self", "spouse", "parent", "child"), [])
        # Versions of the rules stored before this was asked do not say it: any of them may be.
        paid_to = node.some_of("paid_to", PAID_TO, list(PAID_TO))
        rule = Rule(
            code=node.text("code"),
            article=node.text("article"),
            starts=node.first_day("from", None),
            ends=node.last_day("until", None),
            people=people,
            paid_to=paid_to,
            text=read_text(node),
        )
        node.close()
        rules.append(rule)
    return tuple(rules)


def read_evidence(accounts: Node | None) -> dict[str, Text]:
    """The documents that payouts ask for, by their code."""
    evidence = {}
    for code, node in accounts.named("evidence").items() if accounts else ():
        evidence[code] = read_text(node)
        node.close()
    return evidence


def read_payouts(accounts: Node | None, evidence: Mapping[str, Text]) -> tuple[PayoutRule, ...]:
    rules = []
    for node in accounts.nodes("payouts", []) if accounts else []:
        # Versions stored before payouts were asked for name none.
        ways = node.node_or_none("ways") or Node({}, node.at("ways"))
        rule = PayoutRule(
            code=node.text("code"),
            article=node.text("article"),
            ways={way: ways.some_of(way, tuple(evidence)) for way in PAYOUT_WAYS if way in ways.data},
            closes=node.flag("closes"),
            needs=node.one_of("needs", ("died", "ended"), None),
            recover_from=node.one_of("recover_from", ("person", "employer"), "person"),
            text=read_text(node),
        )
        ways.close()
        node.close()
        rules.append(rule)
    return tuple(rules)


def read_selection(selection: Node | None) -> SelectionSpec | None:
    node = selection.node_or_none("rules") if selection else None
    if node is None:
        return None
    articles = node.node("articles")
    spec = SelectionSpec(
        outside=node.flag("outside"), articles={rule: articles.text(rule) for rule in SELECTION_RULES}
    )
    articles.close()
    node.close()
    return spec


def read_family(accounts: Node | None) -> FamilySpec | None:
    node = accounts.node_or_none("insured_elsewhere") if accounts else None
    if node is None:
        return None
    spec = FamilySpec(node.text("article"))
    node.close()
    return spec


def read_capitation(capitation: Node | None, values: dict[str, Value]) -> CapitationSpec | None:
    if capitation is None:
        return None
    node = capitation.node("terms")
    spec = CapitationSpec(
        article=node.text("article"),
        sharing=node.one_of("sharing", ("surplus_share", "whole_or_actual")),
        heads_month=node.one_of("heads_month", ("same", "previous")),
        clearing=node.one_of("clearing", ("none", "monthly")),
        slots=node.some_of("slots", ("facility", "primary", "station")),
        referrals_in_quota=node.flag("referrals_in_quota"),
        values=tuple(name for name, value in values.items() if value.section == "capitation"),
    )
    node.close()
    wanted = ["quota_rate", "prepay_share", "usage_threshold"]
    if spec.sharing == "surplus_share":
        wanted += ["surplus_share_from_threshold", "surplus_share_below"]
    if spec.clearing == "monthly":
        wanted += ["deposit_rate", "deposit_return_scale"]
    for name in wanted:
        if name not in spec.values:
            raise PackError(f"capitation.values.{name}: missing")
    return spec
