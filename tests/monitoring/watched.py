"""Visits as rows, for what only looks at them."""

import itertools
from datetime import datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from facilities.models import Facility
from insured.models import Person
from settlement.models import Visit, VisitBatch, VisitOutcome

HERE = ZoneInfo("Asia/Shanghai")
_bills = itertools.count(1)


def batch(kind: str = "file") -> VisitBatch:
    now = datetime.now(HERE)
    return VisitBatch.objects.create(kind=kind, scheme="310", origin="page", at=now, rows=0)


def visited(person: Person, facility: Facility, at: str, total="100.00", *, fund=None, **values):
    """A visit, `at` as "2023-03-05 09:00", amounts in yuan; settled when `fund` says what the fund pays."""
    total = Decimal(total)
    bill = f"B{next(_bills)}"
    values.setdefault("batch_id", 0)
    eligible = total - values.get("full_self_paid", 0)
    visit = Visit.objects.create(
        scheme="310", facility=facility, person=person, bill=bill,
        category=values.pop("category", "outpatient"),
        at=datetime.fromisoformat(at).replace(tzinfo=HERE), total=total, eligible=eligible, **values,
    )  # fmt: skip
    if fund is not None:
        VisitOutcome.objects.create(
            visit=visit, chunk_id=0, policy_id=0, state="paid", category="outpatient", station=False,
            locality="city", selected=True, referred=False, newborn=False, total=total, deductible=0,
            fund=fund, over_limit=0, account=0, family_account=0, cash=total - fund,
        )  # fmt: skip
    return visit
