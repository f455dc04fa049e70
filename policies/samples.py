"""Ten sample visits of a pack, by which the effect of a changed figure is shown."""

from __future__ import annotations

from datetime import date
from typing import Any, NamedTuple

from policies.pack import Pack
from policies.terms import settled_as

MOST = 10


class Sample(NamedTuple):
    """A visit in the trial format; ``earlier``: how many like it the person had this year before it."""

    visit: dict[str, Any]
    earlier: int


_BORN = {"active": "1970-05-20", "retired": "1950-05-20"}

# category, level, status, eligible, what else the visit has; ``earlier`` as of Sample
_VISITS: tuple[tuple[str, str, str, str, dict[str, Any]], ...] = (
    ("outpatient", "primary", "active", "80.00", {}),
    ("outpatient", "secondary", "active", "900.00", {}),
    ("outpatient", "tertiary", "retired", "1600.00", {}),
    ("outpatient", "tertiary", "active", "1000.00", {"earlier": 12}),
    ("emergency", "secondary", "active", "3000.00", {"emergency": True}),
    ("chronic", "secondary", "retired", "3000.00", {"disease": "D1", "diseases": ["D1", "D2"]}),
    ("special", "tertiary", "active", "20000.00", {"disease": "D1", "diseases": ["D1"]}),
    ("special", "tertiary", "active", "20000.00", {"disease": "uremia", "diseases": ["uremia"]}),
    ("negotiated_drug", "tertiary", "active", "4500.00", {"drug": "drug"}),
    ("day_surgery", "secondary", "retired", "6000.00", {}),
    ("outpatient", "primary", "retired", "300.00", {"consultation_fee": "10.00"}),
    ("outpatient", "secondary", "retired", "2500.00", {"diagnosis_fee": "20.00"}),
    ("outpatient", "primary", "active", "450.00", {"facility_kind": "village_station"}),
    ("outpatient", "secondary", "flexible", "1200.00", {"locality": "filed"}),
    ("outpatient", "primary", "flexible", "60.00", {"emergency": True}),
    ("outpatient", "primary", "active", "5000.00", {}),
)


def sample_visits(pack: Pack, day: date) -> list[Sample]:
    """The first ten the pack has a category for, each of a person of its own."""
    covered = [visit for visit in _VISITS if settled_as(pack, visit[0]) in pack.categories]
    return [_sample(pack, day, number, *visit) for number, visit in enumerate(covered[:MOST], start=1)]


def _sample(
    pack: Pack, day: date, number: int, category: str, level: str, status: str, eligible: str, rest: dict
) -> Sample:
    who = {"status": status, "birth_date": _BORN.get(status, _BORN["active"])}
    visit = {
        "id": str(number),
        "person": f"person {number}",
        "date": day.isoformat(),
        "category": category,
        "level": level,
        **(who if pack.scheme != "390" else {}),
        "selected": True,
        "referred": level != "primary",
        "total": eligible,
        "eligible": eligible,
        **{field: value for field, value in rest.items() if field != "earlier"},
    }
    return Sample(visit, rest.get("earlier", 0))
