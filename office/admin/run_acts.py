"""What a person may do with a run now: the buttons of its page, and what pressing them does."""

from collections.abc import Callable
from dataclasses import dataclass

from django.utils.translation import gettext_lazy as _

from office import runs
from office.models import Origin, Run, RunKindName, RunState, Staff
from office.scope import may_in_whole_city
from office.tasks import enqueue

UNPOSTED = (RunState.DRAFT, RunState.COMPUTED, RunState.REVIEWED)


@dataclass(frozen=True, kw_only=True)
class Act:
    """One button: for whom and in which states it is there, what it asks first, and what it does.

    do: takes the run, who acts, the reason and the hash of what was seen; returns the run to look at next.
    """

    name: str
    label: str
    question: str
    permission: str
    states: tuple
    do: Callable[..., Run]
    reason: bool = False
    danger: bool = False
    # Not by the preparer: reviewing and reversing are a second person's.
    second_person: bool = False
    only_if: Callable[[Run], bool] = lambda run: True

    def open_to(self, run: Run, staff: Staff) -> bool:
        """Whether the button is there for this person now; the act itself checks again."""
        return (
            run.state in self.states
            and may_in_whole_city(staff, self.permission)
            and not (self.second_person and run.prepared_by_id == staff.pk)
            and self.only_if(run)
        )


def _approve(run: Run, *, by: Staff, reason: str, seen: str) -> Run:
    runs.approve(run, by=by, origin=Origin.PAGE, seen=seen)
    return run


def _send_back(run: Run, *, by: Staff, reason: str, seen: str) -> Run:
    runs.send_back(run, by=by, origin=Origin.PAGE, reason=reason)
    return run


def _post(run: Run, *, by: Staff, reason: str, seen: str) -> Run:
    runs.start_posting(run, by=by, origin=Origin.PAGE)
    enqueue(run)
    return run


def _reverse(run: Run, *, by: Staff, reason: str, seen: str) -> Run:
    reversal = runs.reverse(run, by=by, origin=Origin.PAGE, reason=reason)
    enqueue(reversal)
    return reversal


def _cancel(run: Run, *, by: Staff, reason: str, seen: str) -> Run:
    runs.cancel(run, by=by, origin=Origin.PAGE, reason=reason)
    return run


def _compute_again(run: Run, *, by: Staff, reason: str, seen: str) -> Run:
    runs.compute_again(run, by=by, origin=Origin.PAGE)
    enqueue(run)
    return run


def _try_again(run: Run, *, by: Staff, reason: str, seen: str) -> Run:
    Run.objects.filter(pk=run.pk, state=run.state).update(error="")
    enqueue(run)
    return run


ACTS = {
    act.name: act
    for act in (
        Act(
            name="approve",
            label=_("Approve"),
            question=_("Approve exactly what is shown here? It can then be posted."),
            permission="office.review_run",
            states=(RunState.COMPUTED,),
            second_person=True,
            do=_approve,
        ),
        Act(
            name="post",
            label=_("Post"),
            question=_("Post these transfers now? Posted money is corrected only by reversing the run."),
            permission="office.post_run",
            states=(RunState.REVIEWED,),
            do=_post,
        ),
        Act(
            name="compute",
            label=_("Compute again"),
            question=_("Compute the run again from the records as they are now?"),
            permission="office.prepare_run",
            states=(RunState.DRAFT,),
            do=_compute_again,
        ),
        Act(
            name="go_on",
            label=_("Go on posting"),
            question=_("Post the remaining chunks? What is posted already stays as it is."),
            permission="office.post_run",
            states=(RunState.POSTING,),
            only_if=lambda run: bool(run.error),
            do=_try_again,
        ),
        Act(
            name="send_back",
            label=_("Send back"),
            question=_("Send the run back to its preparer? It becomes a draft and waits to be corrected."),
            permission="office.review_run",
            states=(RunState.COMPUTED, RunState.REVIEWED),
            reason=True,
            do=_send_back,
        ),
        Act(
            name="cancel",
            label=_("Cancel the run"),
            question=_("Give this run up? The period can then be prepared anew."),
            permission="office.prepare_run",
            states=UNPOSTED,
            reason=True,
            danger=True,
            do=_cancel,
        ),
        Act(
            name="reverse",
            label=_("Reverse"),
            question=_("Give back every transfer of this run? What was spent already becomes recoverable."),
            permission="office.reverse_run",
            states=(RunState.POSTED,),
            reason=True,
            danger=True,
            second_person=True,
            only_if=lambda run: run.kind != RunKindName.REVERSAL,
            do=_reverse,
        ),
    )
}


# What `RunEvent.act` says, as it is shown.
EVENTS = {
    "prepare": _("Prepared"),
    "approve": _("Approved"),
    "send_back": _("Sent back"),
    "cancel": _("Cancelled"),
    "post": _("Posting started"),
    "seal": _("Posted and sealed"),
    "reverse": _("Reversed"),
}


def acts_open_to(run: Run, staff: Staff) -> list[Act]:
    return [act for act in ACTS.values() if act.open_to(run, staff)]
