"""What a person may do with a policy version now: the buttons of its page, and what pressing them does."""

from collections.abc import Callable
from dataclasses import dataclass

from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from office import versions
from office.models import PolicyState, PolicyVersion, Staff


@dataclass(frozen=True, kw_only=True)
class VersionAct:
    """One button: for whom and in which state it is there, what it asks first, and what it does."""

    name: str
    label: str
    question: str
    permission: str
    state: PolicyState
    do: Callable[..., None]
    reason: bool = False
    danger: bool = False
    second_person: bool = False
    key: str = ""

    def open_to(self, version: PolicyVersion, staff: Staff) -> bool:
        return (
            version.state == self.state
            and staff.has_perm(self.permission)
            and not (self.second_person and version.created_by_id == staff.pk)
        )


ACTS = {
    act.name: act
    for act in (
        VersionAct(
            name="submit",
            key="a",
            label=_("Submit"),
            question=_("Hand this version to a second person for approval?"),
            permission="office.add_policyversion",
            state=PolicyState.DRAFT,
            do=lambda version, *, by, reason, seen: versions.submit(version, by=by),
        ),
        VersionAct(
            name="approve",
            key="a",
            label=pgettext_lazy("act", "Approve"),
            question=_("Let exactly this text hold from its month on? It can never be changed afterwards."),
            permission="office.approve_policyversion",
            state=PolicyState.SUBMITTED,
            second_person=True,
            do=lambda version, *, by, reason, seen: versions.approve(version, by=by, seen=seen),
        ),
        VersionAct(
            name="send_back",
            key="r",
            label=_("Send back"),
            question=_("Send the version back to who entered it? It becomes a draft again."),
            permission="office.approve_policyversion",
            state=PolicyState.SUBMITTED,
            reason=True,
            do=lambda version, *, by, reason, seen: versions.send_back(version, by=by, reason=reason),
        ),
        VersionAct(
            name="withdraw",
            label=_("Withdraw"),
            question=_("Give this draft up? What was entered in it is not used."),
            permission="office.add_policyversion",
            state=PolicyState.DRAFT,
            reason=True,
            danger=True,
            do=lambda version, *, by, reason, seen: versions.withdraw(version, by=by, reason=reason),
        ),
    )
}

# What `PolicyEvent.act` says, as it is shown.
EVENTS = {
    "ship": _("Brought by an upgrade"),
    "enter": _("Figure entered"),
    "submit": _("Submitted"),
    "approve": _("Approved"),
    "send_back": _("Sent back"),
    "withdraw": _("Withdrawn"),
}


def acts_open_to(version: PolicyVersion, staff: Staff) -> list[VersionAct]:
    return [act for act in ACTS.values() if act.open_to(version, staff)]
