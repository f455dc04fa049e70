"""Closing the books of a month: nothing is posted in it any more, whoever tries.

The database holds it (`accounts_transfer` refuses rows of a closed month). Whoever posts holds the books'
lock shared until the end of the transaction, closing takes it alone: it waits for the chunks under way, and
posters that come later find the month closed. The lock's queue is fair: a busy day cannot keep it waiting.
"""

from datetime import date

from django.db import connection, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from office.models import YEARLY_KINDS, Origin, PeriodAct, PeriodEvent, Run, RunKindName, RunState, Staff
from office.refusal import PeriodRefused, RunRefused
from office.scope import may_in_whole_city
from office.statements import prepared
from policies.month import Month

# Advisory lock number, as the functions in the database know it too.
BOOKS_LOCK = 4204


def closed_through() -> Month | None:
    """The last closed month as it is now; None while nothing was ever closed."""
    last = PeriodEvent.objects.first()
    if last is None:
        return None
    return last.month if last.act == PeriodAct.CLOSE else last.month - 1


def close(month: Month, *, by: Staff, origin: Origin) -> None:
    """Close the month, once the chunks being posted now are committed.

    Raises PeriodRefused, naming what stands against it.
    """
    _demand(by)
    if month > Month.of(timezone.localdate()):
        raise PeriodRefused(_("%(month)s is still to come.") % {"month": month})
    with transaction.atomic():
        closed = _alone()
        if closed is not None and month <= closed:
            raise PeriodRefused(_("%(month)s is closed already.") % {"month": month})
        if closed is not None and month != closed + 1:
            raise PeriodRefused(_("Months are closed in order: %(month)s is next.") % {"month": closed + 1})
        posting = Run.objects.filter(booked_in__lte=month, state=RunState.POSTING).order_by("pk")
        if posting:
            raise PeriodRefused(
                _("Still being posted in this month: %(runs)s. Wait, or see to what failed.")
                % {"runs": ", ".join(map(str, posting))}
            )
        PeriodEvent.objects.create(month=month, act=PeriodAct.CLOSE, by=by, origin=origin)


def reopen(month: Month, *, by: Staff, origin: Origin, reason: str) -> None:
    """Open the last closed month again. Raises PeriodRefused for any other month, or without a reason."""
    _demand(by)
    if not reason.strip():
        raise PeriodRefused(_("Give a reason."))
    with transaction.atomic():
        if month != _alone():
            raise PeriodRefused(_("Only the month closed last can be opened again."))
        PeriodEvent.objects.create(
            month=month, act=PeriodAct.REOPEN, by=by, origin=origin, reason=reason.strip()
        )


def demand_open(*, kind: str, period: Month) -> None:
    """Raise RunRefused when a month's run would belong to a month that is closed.

    Yearly runs and reversals are booked when they are made: no closed month stands against them.
    """
    if kind == RunKindName.REVERSAL or kind in YEARLY_KINDS:
        return
    closed = closed_through()
    if closed is not None and period <= closed:
        raise RunRefused(
            _("The books of %(month)s are closed: nothing more is posted in it.") % {"month": period}
        )


def month_to_book(run: Run) -> Month:
    """The accounting month a run is posted in, which then stays open until the transaction ends.

    A month's run is booked in its month. A year's run belongs to the January after, a reversal to the month
    of what it reverses; where that is closed, to the first month that is open.
    """
    closed = _held_open()
    demand_open(kind=run.kind, period=run.period)
    own = run.last_month + 1 if run.yearly else run.period
    if run.reverses:
        own = run.reverses.booked_in
    return own if closed is None else max(own, closed + 1)


def month_to_post() -> Month:
    """The accounting month of what is posted today outside runs, open until the transaction ends."""
    [[month]] = prepared("office/month_to_post", month=Month.of(timezone.localdate()).first_day)
    return Month.of(date.fromisoformat(month.decode()))


def _held_open() -> Month | None:
    with connection.cursor() as cursor:
        cursor.execute("select pg_advisory_xact_lock_shared(%s)", [BOOKS_LOCK])
    return closed_through()


def _alone() -> Month | None:
    with connection.cursor() as cursor:
        cursor.execute("select pg_advisory_xact_lock(%s)", [BOOKS_LOCK])
    return closed_through()


def _demand(staff: Staff) -> None:
    if not may_in_whole_city(staff, "office.close_month"):
        raise PeriodRefused(_("%(staff)s may not do this: the role does not allow it.") % {"staff": staff})
