"""Who has to agree before a run is posted, who has, and who may agree next.

A chain is data: the steps of a run's kind, copied onto the run when it is computed. Each signature is bound
to a hash of all the run is, which the database works out anew whenever it counts. What is refused here the
database refuses as well (migration 0012); here it is said in words.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from django.db import IntegrityError, connection, transaction
from django.utils.translation import gettext as _

from office.models import (
    ApprovalChain,
    Delegation,
    Run,
    RunApproval,
    RunKindName,
    Staff,
    StepKind,
)
from office.refusal import RunRefused
from office.scope import may_in_whole_city

# Shipped; the agency may change them. Who asks for a reversal is a second reviewer, hence the audit.
CHAINS = {
    RunKindName.CREDIT: [StepKind.REVIEW, StepKind.RELEASE],
    RunKindName.LUMP_CREDIT: [StepKind.REVIEW, StepKind.RELEASE],
    RunKindName.ADJUSTMENT: [StepKind.REVIEW, StepKind.RELEASE],
    RunKindName.INTEREST: [StepKind.REVIEW, StepKind.RELEASE],
    RunKindName.PREPAYMENT: [StepKind.REVIEW, StepKind.RELEASE],
    RunKindName.CLEARING: [StepKind.REVIEW, StepKind.RELEASE],
    RunKindName.YEAR_END: [StepKind.REVIEW, StepKind.RELEASE],
    RunKindName.CARRY_OVER: [StepKind.REVIEW],
    RunKindName.REVERSAL: [StepKind.AUDIT, StepKind.RELEASE],
}


@dataclass(frozen=True, kw_only=True)
class Step:
    """A step of a run's chain, from 1 on; `approval` is there once it is signed."""

    number: int
    kind: StepKind
    approval: RunApproval | None


@dataclass(frozen=True, kw_only=True)
class Standing:
    """Whether somebody may sign a run's next step: in whose right, or, in words, why not."""

    step: Step | None
    hash: str
    on_behalf_of: Staff | None = None
    refusal: str = ""


def load_chains() -> None:
    """Give every kind of run that has no chain the shipped one."""
    for kind, steps in CHAINS.items():
        ApprovalChain.objects.get_or_create(kind=kind, defaults={"steps": steps})


def chain_for(kind: str) -> list[str]:
    """The steps runs of a kind are computed under now. Raises RunRefused when there are none."""
    chain = ApprovalChain.objects.filter(kind=kind).first()
    if chain is None:
        raise RunRefused(
            _("No approval chain is set for this kind of run: %(kind)s.") % {"kind": RunKindName(kind).label}
        )
    return chain.steps


def approval_hash(run: Run) -> str:
    """The hash of all that the run is now."""
    return _asked("select office_approval_hash(run) from office_run run where id = %s", [run.pk])[0][0]


def steps_of(run: Run, *, hash: str | None = None) -> list[Step]:
    """The run's chain with the signatures that count: those of what the run is now, by its hash."""
    signed = RunApproval.objects.filter(run=run, hash=hash or approval_hash(run))
    by_number = {approval.number: approval for approval in signed.select_related("person", "on_behalf_of")}
    return [
        Step(number=number, kind=StepKind(kind), approval=by_number.get(number))
        for number, kind in enumerate(run.chain, start=1)
    ]


def next_step(run: Run, *, hash: str | None = None) -> Step | None:
    return next((step for step in steps_of(run, hash=hash) if step.approval is None), None)


def seen_of(run: Run) -> str:
    """What a page carries, so that only what was looked at is signed: the next step and the run's hash."""
    hash = approval_hash(run)
    return token_of(Standing(step=next_step(run, hash=hash), hash=hash))


def token_of(standing: Standing) -> str:
    return f"{standing.step.number if standing.step else 0} {standing.hash}"


def sign(run: Run, *, by: Staff, seen: str | None = None) -> RunApproval:
    """Sign the run's next step; the caller has the run locked.

    Raises RunRefused for whoever may not, and when the run is not what was `seen`.
    """
    standing = standing_of(run, by)
    if standing.refusal:
        raise RunRefused(standing.refusal)
    if seen not in (None, token_of(standing)):
        raise RunRefused(_("The run was changed or signed since you looked at it; look again."))
    try:
        with transaction.atomic():
            return RunApproval.objects.create(
                run=run,
                computation=run.computation,
                number=standing.step.number,
                step=standing.step.kind,
                person=by,
                on_behalf_of=standing.on_behalf_of,
                hash=standing.hash,
            )
    except IntegrityError:
        raise RunRefused(_("The run was changed or signed since you looked at it; look again.")) from None


def standing_of(run: Run, staff: Staff) -> Standing:
    """Whether `staff` may sign the next step of the run, in their own right or in somebody else's."""
    hash = approval_hash(run)
    standing = Standing(step=next_step(run, hash=hash), hash=hash)
    if standing.step is None:
        return replace(standing, refusal=_("All steps of this run are signed."))
    had_a_hand = people_of(run)
    own = had_a_hand.get(_person(staff), set()) - {standing.step.number}
    holders = _holders(staff, [standing.step.kind])
    if not holders:
        return replace(standing, refusal=not_allowed(staff))
    if 0 in own:
        return replace(standing, refusal=_("You prepared this run; another person has to review it."))
    if own:
        return replace(
            standing,
            refusal=_("You have signed another step of this run; somebody else has to sign this one."),
        )
    free = [
        holder for holder in holders if not had_a_hand.get(_person(holder), set()) - {standing.step.number}
    ]
    if not free:
        return replace(
            standing,
            refusal=_("%(staff)s, for whom you would sign, prepared this run or signed another step of it.")
            % {"staff": holders[0]},
        )
    return replace(standing, on_behalf_of=None if free[0] == staff else free[0])


def not_allowed(staff: Staff) -> str:
    """Why somebody without the right to it may not do something with a run."""
    if not staff.sees_whole_city:
        return _("A run concerns the whole city; %(staff)s works for some counties only.") % {"staff": staff}
    return _("%(staff)s may not do this: the role does not allow it.") % {"staff": staff}


def may_sign_any(staff: Staff, kinds: Iterable[str]) -> bool:
    """Whether any of these steps could be theirs on some run, in their own right or in somebody else's."""
    return bool(_holders(staff, kinds))


def signers(run: Run, step: Step) -> list[Staff]:
    """Who may sign the step in their own right."""
    may = f"office.{step.kind}_run"
    had_a_hand = people_of(run)
    active = Staff.objects.filter(is_active=True, is_superuser=False).order_by("id")
    return [staff for staff in active if may_in_whole_city(staff, may) and _person(staff) not in had_a_hand]


def people_of(run: Run) -> dict[str, set[int]]:
    """Who had a hand in the run, as people: the steps they signed, 0 for having prepared it."""
    had_a_hand: dict[str, set[int]] = {}
    for number, person in _asked("select * from office_people_of_run(%s)", [run.pk]):
        had_a_hand.setdefault(person, set()).add(number)
    return had_a_hand


def delegations_to(staff: Staff) -> list[Delegation]:
    """Delegations that count today."""
    given = Delegation.objects.filter(delegate=staff, revoked_at=None).select_related("principal")
    return [delegation for delegation in given.order_by("id") if delegation.holds]


def _holders(staff: Staff, kinds: Iterable[str]) -> list[Staff]:
    """Whose right to one of the steps the person may use today: their own first, then their principals'."""
    if not (staff.is_active and staff.sees_whole_city):
        return []
    whose = [staff, *(delegation.principal for delegation in delegations_to(staff))]
    rights = [f"office.{StepKind(kind)}_run" for kind in kinds]
    return [holder for holder in whose if any(may_in_whole_city(holder, right) for right in rights)]


def _person(staff: Staff) -> str:
    return _asked("select office_person_of(%s)", [staff.pk])[0][0]


def _asked(question: str, parameters: list) -> list[tuple]:
    with connection.cursor() as cursor:
        cursor.execute(question, parameters)
        return cursor.fetchall()
