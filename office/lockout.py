"""After too many failed sign-ins a name or an address is kept out for a while (django-axes)."""

import ipaddress
from datetime import datetime, timedelta
from typing import NamedTuple

from axes.handlers.database import AxesDatabaseHandler
from axes.models import AccessAttempt
from django.conf import settings
from django.db.models import Max, QuerySet, Sum
from django.utils import timezone
from django.utils.translation import gettext as _

from office.acting import address_of
from office.admin.pages import outside


class TwoLimits(AxesDatabaseHandler):
    """A name is locked by its own failures, an address by many more: behind it sits a whole office."""

    def get_failures(self, request, credentials=None) -> int:
        by_name, by_address = (
            attempts.aggregate(failures=Sum("failures_since_start", default=0))["failures"]
            for attempts in self.get_user_attempts(request, credentials)
        )
        return by_address if by_address >= settings.LOCK_ADDRESS_AFTER else by_name

    def reset_user_attempts(self, request, credentials=None) -> int:
        """Who signs in is forgiven their own failures, not those of all others at the address."""
        return forgive(name=(credentials or {}).get("username"))


def client_address(request) -> str | None:
    """The address failures are counted by; none where the server was not told one."""
    try:
        return str(ipaddress.ip_address(address_of(request)))
    except ValueError:
        return None


def locked_page(request, original_response=None, credentials=None):
    context = {"minutes": settings.LOCK_MINUTES, "title": _("Sign-in is locked")}
    return outside(request, "office/locked.html", context, status=429).render()


class Lock(NamedTuple):
    name: str
    address: str
    failures: int
    until: datetime


def locks() -> list[Lock]:
    """The names and the addresses that are locked now, each with the time its lock ends."""
    return [
        *(Lock(row["username"], "", row["failures"], row["until"]) for row in _locked(by="username")),
        *(Lock("", row["ip_address"], row["failures"], row["until"]) for row in _locked(by="ip_address")),
    ]


def _locked(*, by: str) -> QuerySet:
    lasts = timedelta(minutes=settings.LOCK_MINUTES)
    limit = settings.LOCK_NAME_AFTER if by == "username" else settings.LOCK_ADDRESS_AFTER
    counted = AccessAttempt.objects.filter(attempt_time__gt=timezone.now() - lasts).exclude(**{by: None})
    return (
        counted.order_by()
        .values(by)
        .annotate(failures=Sum("failures_since_start"), until=Max("attempt_time") + lasts)
        .filter(failures__gte=limit)
        .order_by(by)
    )


def forgive(*, name: str | None = None, address: str | None = None) -> int:
    """Forget the failures of a name or of an address; how many records there were."""
    which = {"username": name} if name else {"ip_address": address}
    return AccessAttempt.objects.filter(**which).delete()[0] if name or address else 0
