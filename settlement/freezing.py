"""The heads of a month, frozen: what is paid for them later changes cannot alter unseen.

A headcount is made when a prepayment or a year end first asks for it, or by a clerk. One made while its month
lasts is provisional: the first to ask after the month ended has it counted again. After that it is corrected
by another headcount with a reason. All of them stay.
"""

from collections.abc import Callable
from dataclasses import dataclass

from django.db import connection, transaction
from django.db.models import Sum
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from office.models import Run, Staff
from office.scope import counties_of
from office.statements import fetch, statement
from policies.month import Month, months_between
from settlement.heads import heads_of
from settlement.models import Headcount

# Advisory lock: of two who count the same month at once the second finds it counted.
COUNTING_LOCK = 4206
MONTH_IS_OVER = gettext_noop("Counted again once the month was over")


@dataclass(frozen=True, kw_only=True)
class Difference:
    """Somebody who would count otherwise today: arrived at the facility, or left it."""

    facility: int
    person: int
    arrived: bool


def newest(*, scheme: str, month: Month) -> Headcount | None:
    return Headcount.objects.filter(scheme=scheme, month=month).order_by("-number").first()


def newest_alone(*, scheme: str, month: Month) -> Headcount | None:
    """The newest count; until the transaction ends nobody else counts."""
    with connection.cursor() as cursor:
        cursor.execute("select pg_advisory_xact_lock(%s)", [COUNTING_LOCK])
    return newest(scheme=scheme, month=month)


@transaction.atomic
def freeze(
    *, scheme: str, month: Month, by: Staff | None = None, run: Run | None = None, reason: str = ""
) -> Headcount:
    """Count a month; a month counted before needs the reason, which the database demands."""
    last = newest_alone(scheme=scheme, month=month)
    with connection.cursor() as cursor:
        cursor.execute(
            over_heads("settlement/headcount"),
            {
                "scheme": scheme,
                "month": month.first_day,
                "number": last.number + 1 if last else 1,
                "at": timezone.now(),
                "by": by and by.pk,
                "run": run and run.pk,
                "reason": reason,
            },
        )
    return newest(scheme=scheme, month=month)


def frozen_for(run: Run) -> Callable[..., dict[int, int]]:
    """Gives a run the frozen heads of a month by facility, counted first where they are not yet."""

    @transaction.atomic
    def frozen(*, scheme: str, month: Month) -> dict[int, int]:
        last = newest_alone(scheme=scheme, month=month)
        if last is None:
            last = freeze(scheme=scheme, month=month, by=run.prepared_by, run=run)
        elif provisional(last) and is_over(month):
            last = freeze(scheme=scheme, month=month, by=run.prepared_by, run=run, reason=MONTH_IS_OVER)
        return heads_in(last)

    return frozen


def frozen_or_counted(*, scheme: str, month: Month) -> dict[int, int]:
    """The heads as they are frozen, or as they are now while nobody has asked for them; writes nothing."""
    last = newest(scheme=scheme, month=month)
    return heads_of(scheme=scheme, month=month) if last is None else heads_in(last)


def heads_by_month(
    heads: Callable[..., dict[int, int]], *, scheme: str, first: Month, last: Month
) -> dict[Month, dict[int, int]]:
    """Heads of every month from first to last; months that are not over yet are only counted."""
    return {
        month: (heads if is_over(month) else frozen_or_counted)(scheme=scheme, month=month)
        for month in months_between(first, last)
    }


def heads_in(headcount: Headcount) -> dict[int, int]:
    return dict(headcount.lines.values_list("facility").annotate(Sum("heads")).order_by("facility"))


def is_over(month: Month) -> bool:
    return timezone.localdate() > month.last_day


def provisional(headcount: Headcount) -> bool:
    """Whether it was counted before its month was over."""
    return timezone.localdate(headcount.at) <= headcount.month.last_day


def differences(headcount: Headcount, *, staff: Staff) -> list[Difference]:
    """Who would count otherwise today, as far as somebody may see."""
    with connection.cursor() as cursor:
        cursor.execute(
            over_heads("settlement/headcount_differences"),
            {
                "headcount": headcount.pk,
                "scheme": headcount.scheme,
                "month": headcount.month.first_day,
                "counties": counties_of(staff),
            },
        )
        return [Difference(facility=f, person=p, arrived=a) for f, p, a in cursor.fetchall()]


def is_intact(headcount: Headcount) -> bool:
    """Whether the lines are still those of the digest; only who sees the whole city can tell."""
    [(digest,)] = fetch("settlement/headcount_digest", headcount=headcount.pk)
    return digest == headcount.digest


def over_heads(name: str) -> str:
    """A statement over the people who count in a month."""
    return statement(name).replace("{heads}", statement("settlement/heads"))


def reason_of(headcount: Headcount) -> str:
    """Why it was counted, in the reader's language where the portal itself gave the reason."""
    return _(headcount.reason) if headcount.reason == MONTH_IS_OVER else headcount.reason
