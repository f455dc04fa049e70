"""The rules of a scheme as they were known at some moment: what was posted is proved by these."""

from datetime import datetime

from office.models import PolicyState, PolicyVersion
from office.policy import pack_of
from policies.month import Month
from policies.pack import Pack


def known_then(*, scheme: str, month: Month, at: datetime) -> Pack | None:
    """What held for the month by the versions approved up to the moment; None when there were no rules."""
    approved = PolicyVersion.objects.filter(scheme=scheme, state=PolicyState.APPROVED).order_by("-number")
    known = (
        version
        for version in approved
        if (version.approved_at is None or version.approved_at <= at)
        and (version.effective is None or version.effective <= month)
    )
    version = next(known, None)
    return version and pack_of(version)
