"""Who may sign a step of something applied for; runs have theirs in `approvals.py`."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol

from django.db.models import Model
from django.utils.translation import gettext as _

from office.approvals import delegations_to
from office.models import Delegation, RunApproval, Staff, StepKind
from office.scope import sees


class Signature(Protocol):
    """A step signed by somebody, perhaps on behalf of somebody else."""

    person: Staff
    on_behalf_of: Staff | None


# Every table of signatures, and what of each is signed.
SIGNATURES: dict[type[Model], str] = {RunApproval: "run"}


@dataclass(frozen=True, kw_only=True)
class Standing:
    """Why somebody may not sign, in words, empty when they may; for whom they sign, None for themselves."""

    refusal: str = ""
    on_behalf_of: Staff | None = None


def standing_to_sign(
    step: StepKind | None, *, staff: Staff, county: int | None, asked_by: Staff, signed: Iterable[Signature]
) -> Standing:
    """Whether somebody may sign the step, in their own right or in that of whoever delegated it."""
    if step is None:
        return Standing(refusal=_("Nothing waits to be signed."))
    right = f"office.{step}_run"
    whose = [staff, *(delegation.principal for delegation in delegations_to(staff))]
    holders = [holder for holder in whose if holder.has_perm(right) and sees(holder, county)]
    if not holders or not sees(staff, county):
        return Standing(
            refusal=_("%(staff)s may not do this: the role does not allow it.") % {"staff": staff}
        )
    signers = {who.person_key for each in signed for who in (each.person, each.on_behalf_of) if who}
    if asked_by.person_key == staff.person_key:
        return Standing(refusal=_("You applied for this yourself; somebody else has to sign it."))
    if staff.person_key in signers:
        return Standing(
            refusal=_("You have signed another step of this; somebody else has to sign this one.")
        )
    free = [holder for holder in holders if holder.person_key not in {*signers, asked_by.person_key}]
    if not free:
        return Standing(
            refusal=_("%(staff)s, for whom you would sign, applied for this or signed another step of it.")
            % {"staff": holders[0]}
        )
    return Standing(on_behalf_of=None if free[0] == staff else free[0])


def signed_for(delegation: Delegation) -> list[Signature]:
    """What the delegate signed on behalf of the principal in its days, of all kinds, in order."""
    found = [
        signature
        for model, what in SIGNATURES.items()
        for signature in model.objects.filter(
            person=delegation.delegate,
            on_behalf_of=delegation.principal,
            at__date__range=(delegation.first_day, delegation.last_day),
        ).select_related(what)
    ]
    return sorted(found, key=lambda signature: signature.at)


def what_was_signed(signature: Signature) -> Model:
    return getattr(signature, SIGNATURES[type(signature)])
