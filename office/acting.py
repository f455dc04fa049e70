"""On whose behalf the database works: told to PostgreSQL with every transaction.

Row-level security and the history written by triggers go by it, so neither depends on what the code
remembers to filter or to note. The settings, all local to the transaction:

    gongji.staff      number of the member of staff, empty for the portal's own work
    gongji.origin     page, command_line or schedule
    gongji.address    where a page was asked from
    gongji.because    what the work belongs to: "run 12", "import 3"
"""

import contextlib
from collections.abc import Iterator

from django.conf import settings
from django.db import connection, transaction

from office.models import Staff
from office.statements import prepared

NAMES = ("role", "staff", "origin", "address", "because")


@contextlib.contextmanager
def acting(
    *,
    staff: Staff | None,
    origin: str,
    address: str | None = None,
    because: str = "",
    role: str = settings.JOBS_ROLE,
    savepoint: bool = True,
) -> Iterator[None]:
    """One transaction on behalf of somebody; what was set before holds again after it.

    Work done while a page is served keeps the address the page was asked from. Without a savepoint, what
    fails in it undoes the transaction around it as well.
    """
    inside_another = connection.in_atomic_block
    with transaction.atomic(savepoint=savepoint):
        before = _act_for(role, staff and staff.pk, origin, address, because)
        yield
        if inside_another and not connection.needs_rollback:  # the end of a transaction takes them back
            _act_for(*before)


def _act_for(role: str, staff: int | str | None, origin: str, address: str | None, because: str) -> list[str]:
    """Tell the database; what was set before."""
    told = dict(zip(NAMES, (role, staff or "", origin, address, because), strict=True))
    [row] = prepared("office/acting_for", **told)
    return [value.decode() for value in row[: len(NAMES)]]


def address_of(request) -> str:
    """Where a page is asked from; the proxy tells it only where one is configured."""
    forwarded = request.headers.get("X-Forwarded-For", "") if settings.BEHIND_PROXY else ""
    return forwarded.split(",")[-1].strip() or request.META.get("REMOTE_ADDR", "")
