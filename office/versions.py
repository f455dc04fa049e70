"""How the rules change: an officer enters figures as a draft, submits it, a second person approves it.

A draft builds on the newest approved version and differs from it by the figures entered in it; it holds from
the month of the earliest of them. The database refuses any change of a version once it is approved.
"""

from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from office.models import PolicyEvent, PolicyState, PolicyVersion, Run, RunKindName, RunState, Staff
from office.policy import new_version, newest_version, open_version, pack_of, sha256_of
from policies.entered import Entered, with_entered
from policies.month import Month
from policies.pack import parse_pack


class VersionRefused(Exception):
    """What was asked of a version cannot be done; the text says why, for the person who asked."""


@transaction.atomic
def enter_figure(
    *, scheme: str, value: str, first_month: Month, article: str, figure: Any, source: str, by: Staff
) -> PolicyVersion:
    """Add a dated figure to the scheme's draft; without one, open it on the newest approved version.

    Raises VersionRefused while a version awaits approval, PackError for a figure the rules cannot hold.
    """
    _demand(by, "office.add_policyversion")
    draft = _locked(open_version(scheme=scheme))
    if draft is not None and draft.state != PolicyState.DRAFT:
        raise VersionRefused(
            _("%(version)s awaits approval; nothing is entered before that is settled.") % {"version": draft}
        )
    if draft is not None and draft.created_by_id != by.pk:
        raise VersionRefused(
            _("%(version)s is being entered by %(staff)s.")
            % {"version": draft, "staff": draft.created_by or _("the portal")}
        )
    base = draft.base if draft else newest_version(scheme=scheme)
    starts = pack_of(base).starts
    entered = Entered(
        value=value,
        # A pack that begins within a month has its first figures from that day on.
        start=max(first_month.first_day, starts)
        if first_month == Month.of(starts)
        else first_month.first_day,
        article=article,
        figure=figure,
        source=source,
        by=str(by),
        on=timezone.localdate(),
    )
    document = with_entered((draft or base).document, entered)
    pack = parse_pack(document)
    if draft is None:
        draft = _opened(pack=pack, document=document, base=base, effective=first_month, created_by=by)
    else:
        draft.effective = min(draft.effective, first_month)
        draft.document, draft.sha256 = document, sha256_of(document)
        draft.save()
    _record(draft, by=by, act="enter", detail=f"{value} {first_month}")
    return draft


def _opened(**fields) -> PolicyVersion:
    """A new draft; the database lets one person open it."""
    try:
        with transaction.atomic():
            return new_version(**fields)
    except IntegrityError:
        raise VersionRefused(_("Somebody else has just opened a version; look again.")) from None


def submit(version: PolicyVersion, *, by: Staff) -> None:
    """Hand a draft to a second person."""
    _demand(by, "office.add_policyversion")
    _advance(version, PolicyState.DRAFT, by=by, act="submit", state=PolicyState.SUBMITTED)


def approve(version: PolicyVersion, *, by: Staff, seen: str | None = None) -> None:
    """Let a version hold from its month on; `seen` is the hash of the text the approver was shown."""
    _demand(by, "office.approve_policyversion")
    if version.created_by_id == by.pk:
        raise VersionRefused(_("You entered this version; another person has to approve it."))
    if seen not in (None, version.sha256):
        raise VersionRefused(_("The version was changed since you looked at it; look again."))
    newest = newest_version(scheme=version.scheme)
    if version.base_id != newest.pk:
        raise VersionRefused(
            _("%(version)s has been approved meanwhile; enter this anew.") % {"version": newest}
        )
    _advance(
        version,
        PolicyState.SUBMITTED,
        by=by,
        act="approve",
        state=PolicyState.APPROVED,
        approved_by=by,
        approved_at=timezone.now(),
    )


def send_back(version: PolicyVersion, *, by: Staff, reason: str) -> None:
    """Return a submitted version to who entered it."""
    _demand(by, "office.approve_policyversion")
    _demand_reason(reason)
    _advance(version, PolicyState.SUBMITTED, by=by, act="send_back", detail=reason, state=PolicyState.DRAFT)


def withdraw(version: PolicyVersion, *, by: Staff, reason: str) -> None:
    """Give a draft up; its number stays taken."""
    _demand(by, "office.add_policyversion")
    _demand_reason(reason)
    _advance(version, PolicyState.DRAFT, by=by, act="withdraw", detail=reason, state=PolicyState.WITHDRAWN)


def is_frozen(version: PolicyVersion) -> bool:
    """Whether a run was computed by it: it is then part of the records of that run."""
    return version.run_set.exists()


def posted_since(version: PolicyVersion) -> list[Run]:
    """Posted runs of months the version holds for, made by an earlier one: they stay as they are."""
    posted = Run.objects.filter(
        scheme=version.scheme, state=RunState.POSTED, policy__number__lt=version.number
    )
    reached = [run for run in posted.order_by("period") if run.last_month >= version.effective]
    return [run for run in reached if run.kind != RunKindName.REVERSAL]


def _locked(version: PolicyVersion | None) -> PolicyVersion | None:
    return version and PolicyVersion.objects.select_for_update().get(pk=version.pk)


def _advance(
    version: PolicyVersion, expected: PolicyState, *, by: Staff, act: str, detail: str = "", **changes
) -> None:
    """Change a version only if it is still as it was looked at: of two people, one succeeds."""
    as_seen = PolicyVersion.objects.filter(pk=version.pk, state=expected, sha256=version.sha256)
    try:
        with transaction.atomic():
            advanced = as_seen.update(**changes)
    except IntegrityError:
        advanced = 0
    version.refresh_from_db()
    if not advanced:
        raise VersionRefused(
            _("%(version)s is in the state “%(state)s”; this cannot be done now.")
            % {"version": version, "state": version.get_state_display()}
        )
    _record(version, by=by, act=act, detail=detail)


def _demand(staff: Staff, permission: str) -> None:
    if not (staff.is_active and staff.has_perm(permission)):
        raise VersionRefused(_("%(staff)s may not do this: the role does not allow it.") % {"staff": staff})


def _demand_reason(reason: str) -> None:
    if not reason.strip():
        raise VersionRefused(_("Give a reason."))


def _record(version: PolicyVersion, *, by: Staff, act: str, detail: str = "") -> None:
    PolicyEvent.objects.create(version=version, actor=by, act=act, detail=detail)
