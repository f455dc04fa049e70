"""Comparing what facilities reported with what is on record, and settling the differences found.

A month is compared for all its facilities, or for some, by one statement for each level: bills, days, month.
All levels go by the visits as one statement saw them, so visits that arrive meanwhile make no difference of
their own: they are compared when they are settled. Comparisons of a month wait for each other.
"""

from collections import defaultdict
from collections.abc import Iterable

from django.core.exceptions import ValidationError
from django.db import connection, transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from office.acting import acting
from office.models import Origin, Staff
from office.runs import take_memory
from office.statements import execute, fetch
from policies.month import Month
from settlement.models import Difference, DifferenceState, Explanation, Reconciliation

# Advisory lock number; the second key is the scheme and month.
COMPARE_LOCK = 4216
STEPS = (
    "compared_ours",
    "compared_theirs",
    "compared_days",
    "reconciliations",
    "differences_bills",
    "differences_days",
    "differences_months",
    "differences_kept",
    "differences_gone",
)
MONTHS_COMPARED = 3  # what is compared every night, in case a message was lost


def compare(*, scheme: str, month: Month, facilities: Iterable[int] | None = None) -> None:
    """Compare the month of these facilities, or of all; settled differences stay so while nothing changed."""
    values = {
        "scheme": scheme,
        "first": month.first_day,
        "last": month.last_day,
        "facilities": None if facilities is None else sorted(facilities),
    }
    with acting(staff=None, origin=Origin.SCHEDULE):
        take_memory()
        with connection.cursor() as cursor:
            key = int(scheme) * 100_000 + month.year * 12 + month.number
            cursor.execute("select pg_advisory_xact_lock(%s, %s)", [COMPARE_LOCK, key])
            cursor.execute("select clock_timestamp()")  # now() is from before the lock was waited for
            [values["at"]] = cursor.fetchone()
            for step in STEPS:
                execute(f"settlement/{step}", **values)
                if step.startswith("compared"):
                    cursor.execute(f"analyze {step}")
            cursor.execute("drop table compared_ours, compared_theirs, compared_days, found")


def compare_reported(import_id: int) -> None:
    """Compare the months that a file of reports is about, of its facilities."""
    _compare_all(fetch("settlement/months_reported", file=import_id))


def compare_visits(batch_id: int) -> None:
    """Compare the months in which a batch has visits, of its facilities."""
    _compare_all(fetch("settlement/months_visited", batch=batch_id))


def compare_late(today=None) -> None:
    """Compare the last months whole."""
    this = Month.of(today or timezone.localdate())
    for scheme, month in fetch("settlement/months_to_compare", first=(this - MONTHS_COMPARED).first_day):
        compare(scheme=scheme, month=Month.of(month))


def _compare_all(found: list[tuple]) -> None:
    by_month = defaultdict(set)
    for scheme, month, facility in found:
        by_month[scheme, month].add(facility)
    for (scheme, month), facilities in sorted(by_month.items()):
        compare(scheme=scheme, month=Month.of(month), facilities=facilities)


def settle(differences: QuerySet[Difference], *, explanation: str, note: str, by: Staff) -> int:
    """Settle those that are open, and tell how many; raises ValidationError without a reason."""
    if explanation not in Explanation or (explanation == Explanation.OTHER and not note.strip()):
        raise ValidationError(_("Say in the note why the difference needs nothing more."))
    return differences.filter(state=DifferenceState.OPEN).update(
        state=DifferenceState.SETTLED,
        explanation=explanation,
        note=note.strip(),
        settled_by=by,
        settled_at=timezone.now(),
    )


@transaction.atomic
def reopen(difference: Difference, *, reason: str) -> None:
    """Have a settled difference looked at again; raises ValidationError when it is not settled any more."""
    found = Difference.objects.filter(pk=difference.pk, state=DifferenceState.SETTLED)
    if not found.update(
        state=DifferenceState.OPEN, explanation="", note=reason.strip(), settled_by=None, settled_at=None
    ):
        raise ValidationError(_("This difference is not settled any more."))


@transaction.atomic
def say_unreported(month: Reconciliation, *, reason: str, by: Staff) -> None:
    """Why the facility's statement may pass without its report; raises ValidationError where there is one."""
    found = Reconciliation.objects.filter(pk=month.pk, report=None)
    if not found.update(unreported_note=reason.strip(), unreported_by=by):
        raise ValidationError(_("The facility has reported its month meanwhile."))


def stands_against(*, facility_id: int, scheme: str, month: Month) -> str | None:
    """What stands against relying on a facility's month: a key of OBJECTIONS; None if nothing."""
    with connection.cursor() as cursor:
        cursor.execute("select settlement_unreconciled(%s, %s, %s)", [facility_id, scheme, month.first_day])
        return cursor.fetchone()[0]


def demand_reconciled(*, facility_id: int, scheme: str, month: Month) -> None:
    """Raise ValidationError, saying what is to be done, unless a statement of the month may be approved."""
    if objection := stands_against(facility_id=facility_id, scheme=scheme, month=month):
        raise ValidationError(OBJECTIONS[objection])


# In words, what the database says against approving a statement.
OBJECTIONS = {
    "different": gettext_lazy(
        "There are open differences with the facility's report of this month: settle them first."
    ),
    "not_reported": gettext_lazy(
        "The facility has not reported this month: import its totals, or say in the reconciliation why not."
    ),
    "stale": gettext_lazy(
        "Visits have come or were settled since the month was compared: compare again first."
    ),
}
