"""Heads of a month: for how many people a facility is paid (Heyuan 12, Shaoguan 9(2))."""

from collections.abc import Callable

from django.db import connection

from facilities.agreements import contracted_between
from facilities.models import AgreementKind
from office.statements import statement
from policies.month import Month


def heads_of(*, scheme: str, month: Month) -> dict[int, int]:
    """Heads by facility id; facilities without any are left out."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"select facility_id, count(*) from ({statement('settlement/heads')}) head"
            " group by facility_id order by facility_id",
            {"scheme": scheme, "month": month.first_day},
        )
        return dict(cursor.fetchall())


def heads_after(heads: Callable[..., dict[int, int]], *, scheme: str, month: Month) -> dict[int, int]:
    """Heads of the month before, for a month's prepayment (Shaoguan 9(2)2); `heads` gives those of a month.

    Only facilities with an agreement in the month; one whose agreement returns in it has its own heads.
    """
    before, now = contracted_in(month - 1), contracted_in(month)
    earlier = heads(scheme=scheme, month=month - 1)
    kept = {facility: count for facility, count in earlier.items() if facility in now}
    if now <= before:
        return kept
    own = heads(scheme=scheme, month=month)
    return kept | {facility: count for facility, count in own.items() if facility not in before}


def contracted_in(month: Month) -> set[int]:
    """The facilities that work under an outpatient agreement on some day of a month."""
    return contracted_between(month.first_day, month.last_day, kind=AgreementKind.OUTPATIENT)
