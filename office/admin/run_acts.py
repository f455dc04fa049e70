"""What a person may do with a run now: the buttons of its page, and what pressing them does."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from django.utils.translation import gettext_lazy as _

from office import approvals, runs
from office.approvals import Standing
from office.models import Origin, Run, RunKindName, RunState, Staff, StepKind
from office.runs import APPROVABLE
from office.tasks import enqueue

PREPARE = ("office.prepare_run", "office.reverse_run")
UNPOSTED = (RunState.DRAFT, RunState.COMPUTED, RunState.REVIEWED)


@dataclass(frozen=True, kw_only=True)
class Act:
    """One button: for whom and in which states it is there, what it asks first, and what it does.

    permissions, steps: whose it is: who holds one of the permissions, or may sign one of the steps.
    do: takes the run, who acts, the reason and what was seen; returns the run to look at next. key: as of
    `RecordAct`, of acts that decide.
    """

    name: str
    label: str
    question: str
    states: tuple
    do: Callable[..., Run]
    permissions: tuple[str, ...] = ()
    steps: tuple[StepKind, ...] = ()
    reason: bool = False
    danger: bool = False
    key: str = ""
    only_if: Callable[[Run, Staff, Standing], bool] = lambda run, staff, standing: True

    def may(self, staff: Staff) -> bool:
        """Whether the act is this person's at all, on whatever run."""
        holds = any(staff.has_perm(permission) for permission in self.permissions)
        return holds or approvals.may_sign_any(staff, self.steps)

    def open_to(self, run: Run, staff: Staff, standing: Standing) -> bool:
        """Whether the button is there for this person now; the act itself checks again."""
        return (
            run.state in self.states
            and staff.sees_whole_city
            and self.may(staff)
            and self.only_if(run, staff, standing)
        )


def _approve(run: Run, *, by: Staff, reason: str, seen: str) -> Run:
    runs.approve(run, by=by, origin=Origin.PAGE, seen=seen)
    return run


def _send_back(run: Run, *, by: Staff, reason: str, seen: str) -> Run:
    runs.send_back(run, by=by, origin=Origin.PAGE, reason=reason)
    return run


def _post(run: Run, *, by: Staff, reason: str, seen: str) -> Run:
    runs.start_posting(run, by=by, origin=Origin.PAGE, seen=seen)
    enqueue(run)
    return run


def _reverse(run: Run, *, by: Staff, reason: str, seen: str) -> Run:
    return runs.reverse(run, by=by, origin=Origin.PAGE, reason=reason)


def _cancel(run: Run, *, by: Staff, reason: str, seen: str) -> Run:
    runs.cancel(run, by=by, origin=Origin.PAGE, reason=reason)
    return run


def _compute_again(run: Run, *, by: Staff, reason: str, seen: str) -> Run:
    runs.compute_again(run, by=by, origin=Origin.PAGE)
    enqueue(run)
    return run


def _try_again(run: Run, *, by: Staff, reason: str, seen: str) -> Run:
    runs.try_again(run, by=by, origin=Origin.PAGE)
    enqueue(run)
    return run


def _next_is_to_sign(run: Run, staff: Staff, standing: Standing) -> bool:
    return not standing.refusal and standing.step.kind != StepKind.RELEASE


def _next_is_to_post(run: Run, staff: Staff, standing: Standing) -> bool:
    if standing.step is None:
        return staff.has_perm("office.post_run")
    return not standing.refusal and standing.step.kind == StepKind.RELEASE


def _prepares_such(run: Run, staff: Staff, standing: Standing) -> bool:
    return staff.has_perm(runs.right_to_prepare(run))


def _may_be_cancelled(run: Run, staff: Staff, standing: Standing) -> bool:
    """Posting has not begun, or stopped before its first chunk."""
    stopped = bool(run.error) and not run.chunks.exclude(posted_at=None).exists()
    return _prepares_such(run, staff, standing) and (run.state != RunState.POSTING or stopped)


ACTS = {
    act.name: act
    for act in (
        Act(
            name="approve",
            key="a",
            label=_("Approve"),
            question=_("Sign for exactly what is shown here? Any change of it makes the signature void."),
            steps=(StepKind.CHECK, StepKind.REVIEW, StepKind.AUDIT),
            states=APPROVABLE,
            only_if=_next_is_to_sign,
            do=_approve,
        ),
        Act(
            name="post",
            key="a",
            label=_("Post"),
            question=_("Post these transfers now? Posted money is corrected only by reversing the run."),
            permissions=("office.post_run",),
            steps=(StepKind.RELEASE,),
            states=(RunState.REVIEWED,),
            only_if=_next_is_to_post,
            do=_post,
        ),
        Act(
            name="compute",
            label=_("Compute again"),
            question=_("Compute the run again from the records as they are now?"),
            permissions=PREPARE,
            states=(RunState.DRAFT,),
            only_if=_prepares_such,
            do=_compute_again,
        ),
        Act(
            name="go_on",
            label=_("Try again"),
            question=_("Post the chunks that failed? What is posted already stays as it is."),
            permissions=("office.post_run",),
            states=(RunState.POSTING,),
            only_if=lambda run, staff, standing: bool(run.error),
            do=_try_again,
        ),
        Act(
            name="send_back",
            key="r",
            label=_("Send back"),
            question=_("Send the run back to its preparer? It becomes a draft and waits to be corrected."),
            steps=tuple(StepKind),
            states=APPROVABLE,
            only_if=lambda run, staff, standing: approvals.may_sign_any(staff, run.chain),
            reason=True,
            do=_send_back,
        ),
        Act(
            name="cancel",
            label=_("Cancel the run"),
            question=_("Give this run up? The period can then be prepared anew."),
            permissions=PREPARE,
            states=(*UNPOSTED, RunState.POSTING),
            reason=True,
            danger=True,
            only_if=_may_be_cancelled,
            do=_cancel,
        ),
        Act(
            name="reverse",
            label=_("Reverse"),
            question=_(
                "Ask to give back every transfer of this run? Once others have approved the reversal it is "
                "posted; what was spent already becomes recoverable."
            ),
            permissions=("office.reverse_run",),
            states=(RunState.POSTED,),
            reason=True,
            danger=True,
            only_if=lambda run, staff, standing: (
                run.kind != RunKindName.REVERSAL
                and run.prepared_by_id != staff.pk
                and not run.reversals.exclude(state=RunState.CANCELLED).exists()
            ),
            do=_reverse,
        ),
    )
}


# What signing a step is called on its button.
SIGNING = {
    StepKind.CHECK: _("Pass the first review"),
    StepKind.REVIEW: _("Approve"),
    StepKind.AUDIT: _("Pass the audit"),
    StepKind.RELEASE: _("Release and post"),
}

# What `RunEvent.act` says, as it is shown.
EVENTS = {
    "prepare": _("Prepared"),
    "acknowledge": _("Acknowledged a change"),
    "compute": _("Asked to compute again"),
    "computed": _("Computed"),
    "approve": _("Signed"),
    "send_back": _("Sent back"),
    "refuse": _("Turned down"),
    "cancel": _("Cancelled"),
    "post": _("Posting started"),
    "try_again": _("Tried again"),
    "seal": _("Posted and sealed"),
    "reverse": _("Reversal asked for"),
    "reversed": _("Reversed"),
}


def acts_open_to(run: Run, staff: Staff, standing: Standing) -> list[Act]:
    """The buttons, each saying which step it signs."""
    step = standing.step
    return [
        replace(act, label=SIGNING[step.kind]) if step and act.name in ("approve", "post") else act
        for act in ACTS.values()
        if act.open_to(run, staff, standing)
    ]
