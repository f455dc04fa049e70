"""A city's year in plain Python, from bills to what everybody gets; it knows nothing of the portal.

`tests/policies/naive.py` adjudicates; here are the facts a bill meets in the records, whose account pays the
person's part, and what counts in whose quota. Amounts are whole 分.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from datetime import date, datetime

from tests.policies import naive
from tests.settlement.plain_capitation import fen

YEAR = 2023
# From which day on relatives' accounts pay (Nanchang 24); residents have no accounts (Shaoguan 7).
FAMILY_FROM = {
    "heyuan": date.min,
    "honghe": date.min,
    "shijiazhuang": date.min,
    "nanchang": date(2023, 12, 31),
}
# What the fund does not pay but an account may: an own share all the same.
OWN_SHARE = (
    None,
    "facility_not_contracted",
    "not_selected",
    "out_of_area_unfiled",
    "not_certified",
    "category_not_covered",
)


@dataclass(kw_only=True)
class Facility:
    """parents: of a station, by the month from which each is one; gaps: months without an agreement."""

    level: str = "primary"
    parents: dict[int, str] = field(default_factory=dict)
    gaps: tuple[int, ...] = ()
    elsewhere: bool = False
    pharmacy: bool = False  # under an agreement for accounts alone


@dataclass(kw_only=True)
class Person:
    """retires, suspended: the first month; chosen: facility, first and last month, slot."""

    born: date = date(1970, 3, 1)
    status: str = "active"
    retires: int | None = None
    suspended: int | None = None
    died: date | None = None
    chosen: list[tuple[str, int, int, str]] = field(default_factory=list)
    referred: list[tuple[str, date, date]] = field(default_factory=list)
    filed: bool = False
    diseases: dict[str, str] = field(default_factory=dict)  # code -> chronic or special
    lets: list[tuple[int, str]] = field(
        default_factory=list
    )  # who uses this one's account, and what they are
    money: int = 0

    def insured(self, day: date) -> bool:
        return not (self.suspended and day.month >= self.suspended) and not (self.died and self.died < day)

    def chosen_in(self, month: int) -> list[str]:
        """The facilities chosen in a month, a station last."""
        found = [
            (slot == "station", name) for name, first, last, slot in self.chosen if first <= month <= last
        ]
        return [name for _station, name in sorted(found)]


@dataclass(kw_only=True)
class Bill:
    """What a facility reports; `reverses`: the bill that is taken back."""

    id: str
    person: int
    facility: str
    at: datetime
    category: str = "outpatient"
    eligible: int = 0
    full_self_paid: int = 0
    diagnosis_fee: int = 0
    consultation_fee: int = 0
    disease: str = ""
    drug: str = ""
    prescriber: str = ""
    emergency: bool = False
    admitted: bool = False
    gate: str = ""
    asked: int | None = None
    reverses: Bill | None = None

    @property
    def total(self) -> int:
        return self.eligible + self.full_self_paid


@dataclass(kw_only=True)
class Result:
    """payers: whose account paid how much, the own one first."""

    state: str
    reason: str | None = None
    deductible: int | None = None
    fund: int | None = None
    total: int | None = None
    payers: list[tuple[int, int]] = field(default_factory=list)
    own: int | None = None
    family: int | None = None

    def amounts(self) -> tuple:
        if self.state == "held":
            return (None,) * 6
        cash = self.total - self.fund - self.own - self.family
        return self.total, self.deductible, self.fund, self.own, self.family, cash


class PlainYear:
    def __init__(self, city: str, *, people: list[Person], facilities: dict[str, Facility]) -> None:
        self.city, self.people, self.facilities = city, people, facilities
        self.book = naive.Book(city)
        self.bills: dict[str, Bill] = {}
        self.results: dict[str, Result] = {}
        self.money = [person.money for person in people]
        self.paid_out: Counter[str] = Counter()  # by accounts, to whom facilities' money goes
        self.parameters: dict = {}

    # Visits

    def settle(self, bills: list[Bill]) -> None:
        """A file: everybody's bills in order of time. What refunds give back is there for the next file."""
        self.bills |= {bill.id: bill for bill in bills}
        back: list[tuple[int, int]] = []
        for _person, _at, _row, bill in sorted((b.person, b.at, row, b) for row, b in enumerate(bills)):
            if bill.reverses:
                back += self._take_back(bill)
            else:
                self._settle(bill)
        for whose, amount in back:
            self.money[whose] += amount

    def settle_held(self, parameters: dict) -> None:
        """The visits on hold that nobody took back, once the figures are there."""
        self.parameters = parameters
        gone = {bill.reverses.id for bill in self.bills.values() if bill.reverses}
        held = [b for b in self.bills.values() if self.results[b.id].state == "held" and b.id not in gone]
        for bill in sorted(held, key=lambda bill: (bill.person, bill.at)):
            self._settle(bill)

    def _settle(self, bill: Bill) -> None:
        line = self.line(bill)
        state, reason, deductible, fund, _person = self.book.settle(line, self.parameters)
        result = self.results[bill.id] = Result(state=state, reason=reason)
        if state == "held":
            return
        result.deductible, result.fund, result.total = fen(deductible), fen(fund), bill.total
        asked = left = bill.total - result.fund
        if bill.asked is not None:
            asked = min(bill.asked, left)
        for whose in self.payers(bill, reason):
            amount = min(asked, self.money[whose])
            if amount:
                asked -= amount
                self.money[whose] -= amount
                result.payers.append((whose, amount))
                self.paid_out[self.contractor(bill.facility, bill.at.month)] += amount
        result.own = sum(amount for whose, amount in result.payers if whose == bill.person)
        result.family = sum(amount for _whose, amount in result.payers) - result.own

    def _take_back(self, bill: Bill) -> list[tuple[int, int]]:
        gone = self.results[bill.reverses.id]
        self.book.settle({"reverses": bill.reverses.id}, {})
        total, deductible, fund, own, family, _cash = (-(amount or 0) for amount in gone.amounts())
        self.results[bill.id] = Result(
            state="reversed", deductible=deductible, fund=fund, total=total, own=own, family=family
        )
        self.paid_out[self.contractor(bill.facility, bill.reverses.at.month)] += own + family
        return gone.payers

    def payers(self, bill: Bill, reason: str | None) -> list[int]:
        """Whose accounts pay: the own one, then those of relatives who let the person."""
        if self.city not in FAMILY_FROM or reason not in OWN_SHARE:
            return []
        if not self.contracted(bill.facility, bill.at.month) and not self.facilities[bill.facility].pharmacy:
            return []
        relatives = [
            number
            for number, person in enumerate(self.people)
            if bill.person in dict(person.lets) and bill.at.date() >= FAMILY_FROM[self.city]
        ]
        return [bill.person, *relatives]

    def line(self, bill: Bill) -> dict:
        """The bill with the facts it has by the records, for the adjudicator."""
        person, month, day = self.people[bill.person], bill.at.month, bill.at.date()
        here, whose_level = self.facilities[bill.facility], self.facilities[bill.prescriber or bill.facility]
        found = []
        if not person.insured(day):
            found.append("not_insured" if person.died and person.died < day else "suspended")
        if not self.contracted(bill.facility, month):
            found.append("facility_not_contracted")
        starts = [first for _name, first, _last, _slot in person.chosen if first <= month]
        category = {"pharmacy": "outpatient", "certified": person.diseases.get(bill.disease, "chronic")}
        retired = person.retires and month >= person.retires
        return {
            "id": bill.id,
            "person": bill.person,
            "date": day.isoformat(),
            "category": category.get(bill.category, bill.category),
            "level": whose_level.level,
            "facility_kind": "village_station" if whose_level.parents else None,
            "locality": "local" if not here.elsewhere else "filed" if person.filed else "unfiled",
            "status": "retired" if retired else person.status,
            "birth_date": person.born.isoformat(),
            "selected": bill.facility in person.chosen_in(month),
            "selected_from": f"{YEAR}-{min(starts):02d}" if starts else None,
            "referred": self.referred(bill),
            "emergency": bill.emergency,
            "admitted": bill.admitted,
            "gate": bill.gate or None,
            "found": found,
            "total": yuan(bill.total),
            "eligible": yuan(bill.eligible),
            "diagnosis_fee": yuan(bill.diagnosis_fee),
            "consultation_fee": yuan(bill.consultation_fee),
            "drug": bill.drug or None,
            "disease": bill.disease or None,
            "diseases": list(person.diseases),
        }

    def referred(self, bill: Bill) -> bool:
        return any(
            to == bill.facility and first <= bill.at.date() <= last
            for to, first, last in self.people[bill.person].referred
        )

    def contractor(self, name: str, month: int) -> str:
        """Whose agreement and whose money it is: a station's parent's."""
        parents = self.facilities[name].parents
        return parents[max(first for first in parents if first <= month)] if parents else name

    def contracted(self, name: str, month: int) -> bool:
        signed = self.facilities[self.contractor(name, month)]
        return not signed.pharmacy and month not in signed.gaps

    def come_to(self) -> dict[tuple[str, int], tuple]:
        """By facility and month how many visits, and what they came to: (count, total, ..., cash)."""
        sums: dict = defaultdict(lambda: [0] * 7)
        for number, bill in self.bills.items():
            for place, amount in enumerate((1, *self.results[number].amounts())):
                sums[bill.facility, bill.at.month][place] += amount or 0
        return {key: tuple(amounts) for key, amounts in sums.items()}

    def statements(self) -> dict[tuple[str, int], tuple]:
        """By payee and month: visits, refunds, total, fund, account, relative's account, cash, in quotas."""
        sums: dict = defaultdict(lambda: [0] * 8)
        for number, bill in self.bills.items():
            result, first = self.results[number], bill.reverses or bill
            if result.state == "held":
                continue
            total, _deductible, *parts = result.amounts()
            quota = result.fund if self.quota_of(first) else 0
            told = (not bill.reverses, bool(bill.reverses), total, *parts, quota)
            line = sums[self.contractor(first.facility, first.at.month), bill.at.month]
            for place, amount in enumerate(told):
                line[place] += amount
        return {key: tuple(amounts) for key, amounts in sums.items()}

    # Capitation

    def heads(self, month: int) -> Counter[str]:
        """Each once, at the facility chosen, a station's people at its parent (12, 9(2)1)."""
        heads: Counter[str] = Counter()
        for person in self.people:
            chosen = person.chosen_in(month)
            if chosen and person.insured(date(YEAR, month, 1)):
                facility = self.contractor(chosen[0], month)
                heads[facility] += self.contracted(facility, month)
        return heads

    def quota_of(self, bill: Bill) -> str | None:
        """In whose quota a visit counts: the chosen facility's; in Shaoguan with its referrals (9(1)3)."""
        if self.city not in ("heyuan", "shaoguan"):
            return None  # paid by item
        person, month = self.people[bill.person], bill.at.month
        chosen = person.chosen_in(month)
        if bill.facility in chosen:
            return self.contractor(bill.facility, month)
        if self.city == "shaoguan" and chosen and self.referred(bill):
            return self.contractor(chosen[0], month)
        return None

    def usage(self) -> dict[str, dict[int, int]]:
        """What the fund paid within quotas, by facility and the month it is booked in."""
        used: dict = defaultdict(lambda: dict.fromkeys(range(1, 13), 0))
        for number, bill in self.bills.items():
            facility = self.quota_of(bill.reverses or bill)
            if facility:
                used[facility][bill.at.month] += self.results[number].fund or 0
        return used


def yuan(amount: int) -> str:
    return f"{amount // 100}.{amount % 100:02d}"
