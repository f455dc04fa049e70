"""What a city's rules ask of manual reimbursements: reasons, documents, until when they are taken."""

from calendar import monthrange
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from office.policy import pack_of, policy_in_force
from office.schedule import is_working_day
from policies.gates import GATES
from policies.month import Month
from policies.values import NotInForce
from settlement.models import Claim, ClaimReason

TOO_LATE = "too_late"
# Where the document lists none, nothing is paid without the original all the same.
ORIGINALS = ["original_receipt"]


@dataclass(frozen=True, kw_only=True)
class Stated:
    """A figure of the rules and its article."""

    figure: Any
    article: str


def stated(name: str, *, scheme: str, day: date) -> Stated | None:
    """What the rules in force on the day say; None where they say nothing."""
    value = pack_of(policy_in_force(scheme=scheme, month=Month.of(day))).values.get(name)
    try:
        entry = value and value.entry(day)
    except NotInForce:
        return None
    return entry and Stated(figure=entry.figure, article=entry.article)


def reasons_on(day: date, *, scheme: str) -> list[ClaimReason]:
    """The reasons for which claims are taken; all but a newborn's where the rules name none."""
    named = stated("manual_claim_reasons", scheme=scheme, day=day)
    if named is None:
        return [reason for reason in ClaimReason if reason != ClaimReason.NEWBORN]
    return [ClaimReason(code) for code in named.figure]


def documents_of(claim: Claim) -> Stated:
    """The documents whose originals a claim needs."""
    asked = stated("manual_claim_documents", scheme=claim.scheme, day=claim.received_on)
    return asked or Stated(figure=ORIGINALS, article="")


def missing_documents(claim: Claim) -> list[str]:
    received = {each["code"] for each in claim.documents}
    return [code for code in documents_of(claim).figure if code not in received]


def deadline_of(day: date, *, scheme: str) -> Stated | None:
    """The last day on which a visit of this day is claimed (Shijiazhuang 24); None where there is none."""
    last = stated("manual_claim_deadline", scheme=scheme, day=day)
    if last is None:
        return None
    month, number = map(int, last.figure.split("-"))
    return Stated(figure=date(day.year + 1, month, number), article=last.article)


def gate_of(day: date, *, claim: Claim, found: str) -> str:
    """What bars a visit of this day: what the clerk found, or that it is claimed too late."""
    last = deadline_of(day, scheme=claim.scheme)
    late = last is not None and claim.received_on > last.figure
    return min(filter(None, [found, TOO_LATE if late else ""]), key=GATES.index, default="")


def window_of(month: Month, *, days: int) -> tuple[date, date]:
    """The last days of a month; the last one is moved past holidays."""
    last = date(month.year, month.number, monthrange(month.year, month.number)[1])
    first = last - timedelta(days=days - 1)
    while not is_working_day(last):
        last += timedelta(days=1)
    return first, last


def newborn_window(day: date, *, scheme: str) -> tuple[tuple[date, date], str] | None:
    """When claims for newborns are next taken, by article, where they are not on the day (Shaoguan 9(1)2)."""
    days = stated("newborn_claim_last_days", scheme=scheme, day=day)
    if days is None:
        return None
    month, length = Month.of(day), int(days.figure[0])
    windows = [window_of(each, days=length) for each in (month - 1, month, month + 1)]
    if any(first <= day <= last for first, last in windows):
        return None
    return next(window for window in windows if window[0] > day), days.article
