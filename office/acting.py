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

NAMES = ("gongji.staff", "gongji.origin", "gongji.address", "gongji.because")


@contextlib.contextmanager
def acting(
    *,
    staff: Staff | None,
    origin: str,
    address: str | None = None,
    because: str = "",
    role: str = settings.JOBS_ROLE,
) -> Iterator[None]:
    """One transaction on behalf of somebody; what was set before holds again after it.

    Work done while a page is served keeps the address the page was asked from.
    """
    inside_another = connection.in_atomic_block
    with transaction.atomic():
        before = _settings() if inside_another else None
        if address is None:
            address = before[1 + NAMES.index("gongji.address")] if before else ""
        _set(role, str(staff.pk) if staff else "", origin, address, because)
        yield
        if before and not connection.needs_rollback:  # the end of a transaction takes them back by itself
            _set(*before)


def _settings() -> list[str]:
    with connection.cursor() as cursor:
        names = ", ".join(f"coalesce(current_setting('{name}', true), '')" for name in NAMES)
        cursor.execute(f"select current_user, {names}")
        return list(cursor.fetchone())


def _set(*values: str) -> None:
    with connection.cursor() as cursor:
        calls = ", ".join("set_config(%s, %s, true)" for _value in values)
        pairs = [part for pair in zip(("role", *NAMES), values, strict=True) for part in pair]
        cursor.execute(f"select {calls}", pairs)


def address_of(request) -> str:
    """Where a page is asked from; the proxy tells it only where one is configured."""
    forwarded = request.headers.get("X-Forwarded-For", "") if settings.BEHIND_PROXY else ""
    return forwarded.split(",")[-1].strip() or request.META.get("REMOTE_ADDR", "")
