"""Made-up visits of the made-up city, as its facilities report them. The same seed gives the same visits."""

import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal

from insured.demo import LEVELS, RETIRED
from policies.month import Month

# What a visit costs on the average, in yuan, and how often people go, by the level of the facility.
COSTS = {"primary": 90, "secondary": 260, "tertiary": 420}
VISITS_A_MONTH = 0.11
# What the fund pays for a visit on the average, in yuan: with a quota people go as often as uses it up.
FUND_A_VISIT = 60
OFTEN = 2.2  # as often go those who are retired
AT_A_PHARMACY = 0.12
BACK_NEXT_MONTH = 0.006
# How busy facilities are beside each other: one in five hardly, one in five beyond its quota.
BUSY = (0.45, 0.9, 1.0, 1.05, 1.7)


@dataclass(kw_only=True)
class Patient:
    """Somebody of the enrolment file, insured from `first` to before `until`, and where they usually go."""

    document: str
    county: str
    retired: bool
    first: Month
    until: Month | None = None
    chosen: Sequence[tuple[Month, str]] = ()

    def insured_in(self, month: Month) -> bool:
        return self.first <= month and (self.until is None or month < self.until)

    def facility_in(self, month: Month) -> str | None:
        """The facility chosen for the month."""
        held = [code for since, code in self.chosen if since <= month and since.year == month.year]
        return held[-1] if held else None


@dataclass
class Town:
    """The facilities by county, and how busy each is."""

    facilities: list[dict[str, str]]
    nearby: dict[str, list[dict[str, str]]] = field(default_factory=dict)
    busy: dict[str, float] = field(default_factory=dict)

    def __post_init__(self):
        for place, row in enumerate(self.facilities):
            self.busy[row["机构代码"]] = BUSY[place % len(BUSY)]
            self.nearby.setdefault(row["区县代码"], []).append(row)

    @property
    def busiest(self) -> str:
        """The facility, no pharmacy, to which people go most."""
        codes = [row["机构代码"] for row in self.facilities if row["机构类型"] != "零售药店"]
        return max(codes, key=self.busy.__getitem__)

    def one(self, rng: random.Random, county: str, *, pharmacy: bool) -> dict[str, str] | None:
        kinds = [row for row in self.nearby[county] if (row["机构类型"] == "零售药店") == pharmacy]
        return rng.choices(kinds, [self.busy[row["机构代码"]] for row in kinds])[0] if kinds else None


def patients(enrolments: Sequence[dict], selections: Sequence[dict]) -> list[Patient]:
    """The people of the files; of several rows of one the last says since when they are retired."""
    chosen: dict[str, list[tuple[Month, str]]] = {}
    for row in selections:
        chosen.setdefault(row["证件号码"], []).append((Month.parse(row["生效年月"]), row["机构代码"]))
    found: dict[str, Patient] = {}
    for row in enrolments:
        document, first = row["证件号码"], Month.parse(row["生效年月"])
        found[document] = Patient(
            document=document,
            county=row["区县代码"],
            retired=row["参保身份"] in RETIRED,
            first=found[document].first if document in found else first,
            until=Month.parse(row["终止年月"]) + 1 if row["终止年月"] else None,
            chosen=sorted(chosen.get(document, ())),
        )
    return list(found.values())


def visits_a_month(*, quota: Decimal | None) -> float:
    """How often somebody goes; `quota` is what a facility is paid for a person and year, in yuan."""
    return VISITS_A_MONTH if quota is None else min(0.35, float(quota) / 12 / FUND_A_VISIT)


def visits(
    *, month: Month, people: Sequence[Patient], town: Town, often: float, seed: int, accounts: bool
) -> list[dict[str, str]]:
    """A month's visits in the order of time; with `accounts` some are purchases at a pharmacy."""
    rng = random.Random(f"{seed} {month}")
    rows = []
    by_code = {row["机构代码"]: row for row in town.facilities}
    for person in people:
        if not person.insured_in(month) or rng.random() > often * (OFTEN if person.retired else 1):
            continue
        pharmacy = accounts and rng.random() < AT_A_PHARMACY
        chosen = by_code.get(person.facility_in(month) or "")
        place = chosen if chosen and not pharmacy and rng.random() < 0.93 else None
        place = place or town.one(rng, person.county, pharmacy=pharmacy)
        if place is None or rng.random() > town.busy[place["机构代码"]]:
            continue
        rows.append(_visit(rng, person, place, month=month, pharmacy=pharmacy))
    rows.sort(key=lambda row: row["就诊时间"])
    for number, row in enumerate(rows, start=1):
        row["单据号"] = f"MZ{month.first_day:%Y%m}{number:06d}"
    return rows


def refunds(rows: Sequence[dict[str, str]], *, month: Month, seed: int) -> list[dict[str, str]]:
    """What of a month's visits is taken back in the next."""
    rng = random.Random(f"{seed} {month} back")
    day = (month + 1).first_day
    return [
        row
        | {
            "单据号": f"TF{row['单据号'][2:]}",
            "原单据号": row["单据号"],
            "就诊时间": f"{day + timedelta(days=rng.randrange(5))} 10:{rng.randrange(60):02d}:00",
            "个人账户支付": "",
        }
        for row in rows
        if rng.random() < BACK_NEXT_MONTH
    ]


def irregular(rows: Sequence[dict[str, str]], *, month: Month, busiest: str) -> list[dict[str, str]]:
    """What the busiest facility's bills of a month are looked at for: one visit split into three bills, one
    reported twice, and somebody who was elsewhere ten minutes before.
    """
    own = [row for row in rows if row["机构代码"] == busiest and row["医疗类别"] == "11"]
    elsewhere = [row for row in rows if row["机构代码"] != busiest and row["医疗类别"] == "11"]
    if len(own) < 2 or not elsewhere:
        return []
    split, twice, hurried = own[0], own[1], elsewhere[0]
    found = [split | {"就诊时间": later(split, minutes=20 * part)} for part in (1, 2)]
    found.append(twice | {"就诊时间": later(twice, minutes=1)})
    found.append(own[0] | {"证件号码": hurried["证件号码"], "就诊时间": later(hurried, minutes=10)})
    return [
        row | {"单据号": f"YC{month.first_day:%Y%m}{number:02d}"} for number, row in enumerate(found, start=1)
    ]


def some(rng: random.Random, among: list, count: int) -> list:
    return rng.sample(among, min(count, len(among)))


def later(row: dict[str, str], *, minutes: int) -> str:
    return f"{datetime.fromisoformat(row['就诊时间']) + timedelta(minutes=minutes):%Y-%m-%d %H:%M:%S}"


def chronic(
    certified: Sequence[tuple[str, str]], *, month: Month, people: Sequence[Patient], town: Town, seed: int
) -> list[dict[str, str]]:
    """A visit a month of everybody with a certified disease; `certified` has documents and disease codes."""
    rng = random.Random(f"{seed} {month} chronic")
    known = {person.document: person for person in people}
    rows = []
    for number, (document, disease) in enumerate(certified, start=1):
        person = known.get(document)
        if person is None or not person.insured_in(month):
            continue
        place = town.one(rng, person.county, pharmacy=False)
        if place is None:
            continue
        rows.append(
            _visit(rng, person, place, month=month, pharmacy=False)
            | {
                "单据号": f"MT{month.first_day:%Y%m}{number:04d}",
                "医疗类别": "14",
                "病种代码": disease,
                "一般诊疗费": "0",
            }
        )
    return rows


def _visit(
    rng: random.Random, person: Patient, place: dict[str, str], *, month: Month, pharmacy: bool
) -> dict[str, str]:
    level = LEVELS[place["机构等级"]]
    total = Decimal(rng.lognormvariate(0, 0.7) * COSTS[level]).quantize(Decimal("0.01"))
    self_paid, prior = (
        (total * Decimal(rng.choice((0, 0, share)))).quantize(Decimal("0.01")) for share in ("0.06", "0.1")
    )
    day = month.first_day + timedelta(days=rng.randrange((month.last_day - month.first_day).days + 1))
    at = datetime.combine(day, datetime.min.time()) + timedelta(minutes=8 * 60 + rng.randrange(10 * 60))
    eligible = Decimal(0) if pharmacy else total - self_paid - prior
    fee = min(Decimal(10), eligible) if level == "primary" else Decimal(0)
    return {
        "机构代码": place["机构代码"],
        "证件号码": person.document,
        "就诊时间": f"{at:%Y-%m-%d %H:%M:%S}",
        "医疗类别": "41" if pharmacy else "13" if rng.random() < 0.02 else "11",
        "总费用": str(total),
        "全自费": str(total if pharmacy else self_paid),
        "先行自付": str(0 if pharmacy else prior),
        "政策范围内": str(eligible),
        "一般诊疗费": str(fee),
    }


def endings(*, month: Month, people: Sequence[Patient], seen: set[str], seed: int) -> list[dict[str, str]]:
    """Who died in the month, who left the province; they come to no facility any more.

    One of them was `seen`, by document number, in the month or since: a bill for somebody who had died.
    """
    rng = random.Random(f"{seed} {month} endings")
    here = [person for person in people if person.insured_in(month)]
    quiet = [person for person in here if person.document not in seen]
    old = [person for person in quiet if person.retired] or quiet
    billed = [person for person in here if person.document in seen]
    gone = [*some(rng, billed, 1), *some(rng, old, 3), *some(rng, quiet, 1)]
    rows = []
    for place, person in enumerate(gone):
        if person.until is not None:
            continue
        day = month.first_day + timedelta(days=rng.randrange(28))
        person.until = month + 1
        rows.append(
            {"证件号码": person.document, "日期": f"{day}", "原因": "死亡" if place < 4 else "跨省转移"}
        )
    return rows
