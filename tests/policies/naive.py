"""A second computation of all five cities, straight from the readings, knowing nothing of the code.

Yuan as Fractions, one function per city, no cache, no kinds, no packs: whoever doubts a figure can read it
here from top to bottom. Slow on purpose. It settles well-formed lines only.
"""

from __future__ import annotations

from collections import defaultdict
from datetime import date
from fractions import Fraction as F
from math import floor

ORDER = [
    "not_in_force",
    "not_insured",
    "suspended",
    "facility_not_contracted",
    "not_selected",
    "out_of_area_unfiled",
    "during_inpatient_stay",
    "work_injury",
    "third_party",
    "public_health",
    "abroad",
    "maternity",
    "too_late",
    "not_certified",
    "category_not_covered",
]


class Held(Exception):
    pass


def cents(amount: F) -> F:
    return F(floor(amount * 100 + F(1, 2)), 100)


def text(amount: F) -> str:
    whole = floor(abs(amount) * 100 + F(1, 2))
    return f"{'-' if amount < 0 and whole else ''}{whole // 100}.{whole % 100:02d}"


def settle(city: str, lines: list[dict], parameters: dict) -> list[tuple]:
    """(state, reason, deductible, fund, person) of every line; None for the amounts of held visits."""
    book = Book(city)
    return [book.settle(line, parameters) for line in lines]


class Book:
    """What everybody used in every year so far, and what became of each visit."""

    def __init__(self, city: str) -> None:
        self.city = city
        self.years: dict = defaultdict(lambda: defaultdict(F))
        self.kept: dict = {}

    def settle(self, line: dict, parameters: dict) -> tuple:
        """A visit that was held before may come again, under other parameters."""
        if line.get("reverses"):
            used, changes, amounts = self.kept.pop(line["reverses"])
            for name, amount in changes.items():
                used[name] -= amount
            return ("reversed", None, *(text(-a) for a in amounts))
        used = self.years[line["person"], line["date"][:4]]
        total = F(line["total"])
        code = gate(self.city, line)
        changes: dict = defaultdict(F)
        if code:
            self.kept[line["id"]] = (used, {}, (F(0), F(0), F(0)))
            return ("denied", code, "0.00", "0.00", text(total))
        try:
            deductible, fund = CITIES[self.city](line, used, changes, parameters)
        except Held:
            self.kept[line["id"]] = (used, {}, (F(0), F(0), F(0)))
            return ("held", "parameter_missing", None, None, None)
        for name, amount in changes.items():
            used[name] += amount
        deductible = cents(deductible)
        self.kept[line["id"]] = (used, changes, (deductible, fund, total - fund))
        return ("paid", None, text(deductible), text(fund), text(total - fund))


def gate(city: str, line: dict) -> str | None:
    """Reading 10, code by code."""
    first, last = {
        "heyuan": ("2022-08-01", "9999-12-31"),
        "honghe": ("2022-12-31", "9999-12-31"),
        "shaoguan": ("2023-01-01", "2027-12-31"),
        "shijiazhuang": ("2022-01-01", "9999-12-31"),
        "nanchang": ("2023-01-01", "9999-12-31"),
    }[city]
    emergency = bool(line.get("emergency")) or line["category"] == "emergency"
    where = line.get("locality") or "local"
    failing = set(line.get("found") or ())  # by the records, where there are any
    if line.get("gate"):
        failing.add(line["gate"])
    if not first <= line["date"] <= last:
        failing.add("not_in_force")
    if city == "heyuan" and not line.get("selected") and not line.get("referred"):
        failing.add("not_selected")
    chosen = line.get("referred") or (line.get("selected") and line.get("level") == "primary")
    if city == "shaoguan" and where == "local" and not chosen:
        failing.add("not_selected")
    if city != "shijiazhuang" and where == "unfiled":
        failing.add("out_of_area_unfiled")
    on_record = bool(line.get("disease")) and line["disease"] in (line.get("diseases") or [])
    if city == "honghe" and line["category"] in ("chronic", "special") and not on_record:
        failing.add("not_certified")
    covered = {"outpatient", "emergency"}
    if city == "nanchang":
        covered |= {"chronic", "special"}
    if city != "honghe" and line["category"] not in covered:
        failing.add("category_not_covered")
    if emergency and city in ("heyuan", "honghe", "shaoguan"):
        failing -= {"not_selected", "out_of_area_unfiled"}
        if city == "honghe":
            failing -= {"facility_not_contracted"}
    if city == "shaoguan" and line.get("newborn"):
        failing -= {"not_insured", "not_selected"}
    return next((code for code in ORDER if code in failing), None)


def heyuan(line, used, changes, parameters):
    retired = line["status"] == "retired"
    percent = {"primary": 70, "secondary": 60, "tertiary": 55}[line["level"]] + (5 if retired else 0)
    per_visit = {"primary": 60, "secondary": 120, "tertiary": 150}[line["level"]]
    year = F(dated(parameters.get("annual_limit"), line["date"]) or 1800)
    if line.get("selected_from"):
        year = year / 12 * (12 - int(line["selected_from"][5:]) + 1)
    pays = min(F(line["eligible"]) * percent / 100, F(per_visit), year - used["fund"])
    fund = cents(max(pays, F(0)))
    changes["fund"] = fund
    return F(0), fund


def honghe(line, used, changes, parameters):
    eligible = F(line["eligible"])
    who = "retired" if line["status"] == "retired" else "active"
    level, category = line["level"], line["category"]

    def parameter(name, *keys):
        found = dated(parameters.get(name), line["date"])
        for key in keys:
            found = found.get(key) if isinstance(found, dict) else None
        if found is None:
            raise Held
        return F(found)

    if category == "outpatient":
        deductible = min(eligible, F({"primary": 30, "secondary": 60, "tertiary": 90}[level]))
        rate = F(
            {"primary": 60, "secondary": 55, "tertiary": 50}[level] + (5 if who == "retired" else 0), 100
        )
        cost = eligible - deductible
        room = F(5000) - used["outpatient"]
        if cents(cost * rate) <= room:
            changes["outpatient"] = cents(cost * rate)
            return deductible, cents(cost * rate)
        inpatient = parameter("inpatient_rate", who, level) / 100
        room_beyond = max(parameter("inpatient_limit") - used["inpatient"], F(0))
        beyond = min(cents((cost - room / rate) * inpatient), room_beyond)
        changes["outpatient"] = room
        changes["inpatient"] = beyond
        return deductible, room + beyond
    if category == "chronic":
        deductible = min(eligible, max(400 - used["chronic deductible"], F(0)))
        record = set(line["diseases"])
        limit = {1: 2000, 2: 2500}.get(len(record), 3000)
        if record & {"psychosis", "severe_psychosis"}:
            limit = 3000
        pays = min((eligible - deductible) * F(9, 10), limit - used["chronic"])
        fund = cents(max(pays, F(0)))
        changes["chronic deductible"] = deductible
        changes["chronic"] = fund
        return deductible, fund
    if category == "special":
        rate = (
            F(90)
            if line["disease"] in ("uremia", "severe_psychosis")
            else parameter("inpatient_rate", who, level)
        )
        deductible = min(eligible, max(800 - used["special deductible"], F(0)))
        changes["special deductible"] = deductible
    elif category == "emergency":
        rate = parameter("inpatient_rate", who, level)
        whole = F(0) if line.get("admitted") else parameter("inpatient_deductible", level)
        deductible = min(eligible, whole)
    elif category == "negotiated_drug":
        rate = parameter("inpatient_rate", who, level)
        deductible = min(eligible, max(800 - used["drug", line["drug"]], F(0)))
        changes["drug", line["drug"]] = deductible
    else:
        rate = parameter("inpatient_rate", who, level)
        deductible = min(eligible, parameter("inpatient_deductible", level) / 2)
    room = max(parameter("inpatient_limit") - used["inpatient"], F(0))
    fund = cents(min((eligible - deductible) * rate / 100, room))
    changes["inpatient"] = fund
    return deductible, fund


def shaoguan(line, used, changes, parameters):
    eligible, fee = F(line["eligible"]), F(line.get("consultation_fee") or 0)
    away = (line.get("locality") or "local") != "local"
    fund = F(0)

    def within(amount):
        nonlocal fund
        room = F(300) - used["all"] - changes["all"]
        if away:
            room = min(room, F(60) - used["away"] - changes["away"])
        paid = cents(max(min(amount, room), F(0)))
        changes["all"] += paid
        if away:
            changes["away"] += paid
        fund += paid

    if line["level"] == "primary":
        within(min(fee, F(5 if line.get("facility_kind") else 10)) * F(7, 10))
        within((eligible - fee) * F(7, 10))
    else:
        within(eligible * {"secondary": F(6, 10), "tertiary": F(5, 10)}[line["level"]])
    return F(0), fund


def shijiazhuang(line, used, changes, parameters):
    eligible = F(line["eligible"])
    deductible = min(eligible, F(100) - used["deductible"])
    if line["status"] == "retired":
        rate, limit = F(7, 10), F(4000)
    else:
        day, born = date.fromisoformat(line["date"]), date.fromisoformat(line["birth_date"])
        try:
            birthday = born.replace(year=born.year + 45)
        except ValueError:
            birthday = date(born.year + 45, 3, 1)
        rate, limit = F(6, 10), F(2500 if day >= birthday else 2000)
    pays = min((eligible - deductible) * rate, limit - used["fund"])
    basic = dated(parameters.get("basic_annual_limit"), line["date"])
    if basic is not None:
        pays = min(pays, F(basic) - used["fund"])
    fund = cents(max(pays, F(0)))
    changes["deductible"], changes["fund"] = deductible, fund
    return deductible, fund


def nanchang(line, used, changes, parameters):
    if line["category"] in ("chronic", "special"):
        raise Held
    retired = line["status"] == "retired"
    rate = F({"primary": 60, "secondary": 55, "tertiary": 50}[line["level"]] + (5 if retired else 0), 100)
    fee = F(line.get("diagnosis_fee") or 0)
    other = F(line["eligible"]) - fee
    left = F(600) - used["deductible"]
    from_other = min(other, left)
    from_fee = min(fee, left - from_other)
    combined = dated(parameters.get("combined_annual_limit"), line["date"])
    pays = min((other - from_other) * rate, F(2000 if retired else 1800) - used["limited"])
    if combined is not None:
        pays = min(pays, F(combined) - used["combined"])
    paid_other = cents(max(pays, F(0)))
    pays = (fee - from_fee) * rate
    if combined is not None:
        pays = min(pays, F(combined) - used["combined"] - paid_other)
    paid_fee = cents(max(pays, F(0)))
    changes["deductible"] = from_other + from_fee
    changes["limited"] = paid_other
    changes["combined"] = paid_other + paid_fee
    return from_other + from_fee, paid_other + paid_fee


def dated(given, day):
    """A parameter's figure on a day; dated outermost by the months it holds from."""
    if not (isinstance(given, dict) and any(str(key)[:2] == "20" for key in given)):
        return given
    months = [month for month in given if month <= day[:7]]
    return given[max(months)] if months else None


CITIES = {
    "heyuan": heyuan,
    "honghe": honghe,
    "shaoguan": shaoguan,
    "shijiazhuang": shijiazhuang,
    "nanchang": nanchang,
}
