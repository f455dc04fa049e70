"""What stands against signing a step of something applied for; runs have theirs in `approvals.py`."""

from collections.abc import Iterable

from django.utils.translation import gettext as _

from office.models import Staff, StepKind
from office.scope import sees


def refusal_to_sign(
    step: StepKind | None, *, staff: Staff, county: int | None, asked_by: Staff, signed: Iterable[Staff]
) -> str:
    """Why somebody may not sign the step, in words; empty when they may."""
    if step is None:
        return _("Nothing waits to be signed.")
    if not staff.has_perm(f"office.{step}_run") or not sees(staff, county):
        return _("%(staff)s may not do this: the role does not allow it.") % {"staff": staff}
    if asked_by.person_key == staff.person_key:
        return _("You applied for this yourself; somebody else has to sign it.")
    if any(other.person_key == staff.person_key for other in signed):
        return _("You have signed another step of this; somebody else has to sign this one.")
    return ""
