"""The people, the facilities and some hundreds of drawn bills of the test years: always the same ones."""

import random
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from tests.settlement import plain_year as plain
from tests.settlement.plain_year import YEAR, Bill

HERE = ZoneInfo("Asia/Shanghai")
# People who chose a facility and see no doctor, so that there are years within the quota too.
SILENT = {"heyuan": {"clinic": 6, "centre": 3}, "shaoguan": {"clinic": 9, "centre": 15}}


def facilities() -> dict[str, plain.Facility]:
    return {
        "clinic": plain.Facility(),
        "centre": plain.Facility(),
        "barred": plain.Facility(gaps=(7,)),
        "county": plain.Facility(level="secondary"),
        "hospital": plain.Facility(level="tertiary"),
        "station": plain.Facility(parents={1: "clinic", 7: "centre"}),
        "chemist": plain.Facility(pharmacy=True),
        "elsewhere": plain.Facility(level="tertiary", elsewhere=True),
    }


def people(city: str) -> list[plain.Person]:
    station = "station" if city == "shaoguan" else "primary"
    both = [("centre", 1, 12, "primary")] + [("station", 1, 12, "station")] * (city == "shaoguan")
    spring = (date(YEAR, 3, 1), date(YEAR, 5, 31))
    ill = {"uremia": "special", "M01": "chronic"}
    found = [
        plain.Person(chosen=[("clinic", 1, 12, "primary")], money=30_000),
        plain.Person(status="retired", chosen=[("clinic", 1, 12, "primary")], diseases=ill, money=5_000),
        plain.Person(retires=6, chosen=[("centre", 1, 12, "primary")]),
        plain.Person(chosen=[("clinic", 1, 6, "primary"), ("centre", 7, 12, "primary")], money=100),
        plain.Person(chosen=[("barred", 4, 12, "primary")], money=80_000),
        plain.Person(chosen=[("station", 1, 12, station)]),
        plain.Person(status="flexible", chosen=both, money=2_000),
        plain.Person(money=10_000),
        plain.Person(suspended=9, chosen=[("barred", 1, 12, "primary")], money=10_000),
        plain.Person(died=date(YEAR, 10, 15), chosen=[("barred", 1, 12, "primary")]),
        plain.Person(chosen=[("clinic", 1, 12, "primary")], lets=[(0, "spouse"), (3, "child")], money=60_000),
        plain.Person(
            chosen=[("centre", 1, 12, "primary")], filed=True, referred=[("hospital", *spring)], diseases=ill
        ),
        plain.Person(born=date(1978, 6, 15), chosen=[("centre", 1, 12, "primary")], money=40_000),
    ]
    for name, count in SILENT.get(city, {}).items():
        found += [plain.Person(chosen=[(name, 1, 12, "primary")]) for _silent in range(count)]
    if city == "shaoguan":
        for person in found:
            person.status, person.retires, person.money = "resident", None, 0
    return found


def bills(city: str) -> list[Bill]:
    draw = random.Random(city)
    most = {"heyuan": 40_000, "shaoguan": 4_000}.get(city, 400_000)
    near = {"heyuan": (8571, 20_000, 27_273), "shaoguan": (1000, 3000), "honghe": (3000, 9000, 100_000)}
    found: list[Bill] = []
    for number, person in enumerate(people(city)[:13]):
        for month in range(1, 13):
            for _time in range(8 if number in (3, 4) else draw.choice((1, 1, 2, 3))):
                bill = drawn(
                    draw, city, person, number, month, most=most, near=near.get(city, (60_000, 10_000))
                )
                bill.id = f"B{len(found):03d}"
                found.append(bill)
    for day in (30, 31):  # a relative's account pays at the very end of the year, in Nanchang only then
        at = datetime(YEAR, 12, day, 9, tzinfo=HERE)
        found.append(Bill(id=f"D{day}", person=0, facility="clinic", at=at, eligible=900_000))
    late = 12 if city in SILENT else 50  # a month of refunds alone has no usage that could be reported
    for bill in draw.sample(found[:-2], 24):
        at = min(
            bill.at + timedelta(days=draw.randrange(1, late)), datetime(YEAR, 12, 31, 23, 30, tzinfo=HERE)
        )
        found.append(
            Bill(
                id=f"R{bill.id}", person=bill.person, facility=bill.facility, at=at, category=bill.category,
                eligible=-bill.eligible, full_self_paid=-bill.full_self_paid, drug=bill.drug, reverses=bill,
            )
        )  # fmt: skip
    return found


def drawn(draw, city: str, person: plain.Person, number: int, month: int, *, most: int, near: tuple) -> Bill:
    chosen = person.chosen_in(month)
    anywhere = ("clinic", "centre", "county", "hospital", "station", "elsewhere")
    facility = draw.choice(chosen) if chosen and draw.random() < 0.6 else draw.choice(anywhere)
    at = datetime(YEAR, month, draw.randrange(1, 29), draw.randrange(8, 20), draw.randrange(60), tzinfo=HERE)
    eligible = draw.choice((draw.randrange(most), draw.choice(near) + draw.randrange(-2, 3)))
    bill = Bill(id="", person=number, facility=facility, at=at, eligible=eligible)
    bill.full_self_paid = draw.choice((0, 0, 1, 5000))
    bill.emergency = draw.random() < 0.1
    bill.gate = (
        draw.choice(("work_injury", "maternity", "during_inpatient_stay")) if draw.random() < 0.03 else ""
    )
    bill.asked = draw.randrange(bill.total + 1) if draw.random() < 0.2 else None
    bill.consultation_fee = draw.choice((0, 500, 1000, 1200)) if eligible > 1200 else 0
    if city == "nanchang" and eligible > 5000:
        bill.diagnosis_fee = draw.choice((0, 2000))
    lot = draw.random()
    if lot < 0.1:
        bill.category, bill.admitted = "emergency", draw.random() < 0.5
    elif lot < 0.15:
        bill.category, bill.facility, bill.prescriber = "pharmacy", "chemist", draw.choice(("", "hospital"))
    elif lot < 0.25 and (person.diseases or draw.random() < 0.1):
        bill.category, bill.disease = "certified", draw.choice(("uremia", "M01"))
    elif lot < 0.35 and city == "honghe":
        bill.category = draw.choice(("negotiated_drug", "day_surgery"))
        bill.drug = draw.choice("AB") if bill.category == "negotiated_drug" else ""
    return bill
