"""How every run is controlled, whatever it does: prepared by one person, approved by others, posted once.

A *kind* says what a run computes and how one chunk of it is posted (`kinds.py`); everything else about its
life is here. Background tasks carry a run's number only and may be lost or doubled: each step claims its
work in the database, so a second delivery finds nothing left to do.
"""

import contextlib
import hashlib
import logging
from collections.abc import Iterator
from decimal import Decimal

from django.db import IntegrityError, OperationalError, connection, transaction
from django.db.models import Max, Q
from django.utils import timezone
from django.utils.translation import gettext as _

from office import approvals
from office.acting import acting
from office.collisions import APPROVE, POST, PREPARE, demand_free
from office.comparison import compare, demand_acknowledged
from office.kinds import kind_named, kind_of
from office.models import (
    PolicyVersion,
    Run,
    RunApproval,
    RunEvent,
    RunKindName,
    RunState,
    Staff,
    StepKind,
)
from office.periods import demand_open, month_to_book
from office.policy import pack_of, policy_in_force
from office.refusal import RunRefused
from office.scope import may_in_whole_city
from policies.month import Month

logger = logging.getLogger(__name__)

STARTING_LOCK = 4202  # 4201 is `chunks.SEALING_LOCK`, 4204 `periods.BOOKS_LOCK`

APPROVABLE = (RunState.COMPUTED, RunState.REVIEWED)
LIVE = ~Q(state__in=[RunState.REVERSED, RunState.CANCELLED])


def prepare(
    *,
    kind: str,
    scheme: str,
    period: Month,
    by: Staff | None,
    origin: str,
    reverses: Run | None = None,
    reason: str = "",
) -> Run:
    """Open a run in draft.

    Raises RunRefused, naming the run that is there, when a live run of the kind, scheme and period exists.
    """
    if by is not None and reverses is None:
        _demand(by, "office.prepare_run")
    if reverses is None and period > kind_named(kind).latest(Month.of(timezone.localdate())):
        raise RunRefused(_("It is too early for this run: the period is not over, or not there yet."))
    demand_open(kind=kind, period=period)
    same = Run.objects.filter(kind=kind, scheme=scheme, period=period)
    try:
        with transaction.atomic():
            last = None if reverses else same.aggregate(last=Max("attempt"))["last"]
            run = Run(
                kind=kind,
                scheme=scheme,
                period=period,
                origin=origin,
                prepared_by=by,
                reverses=reverses,
                attempt=0 if last is None else last + 1,
            )
            run.policy = _policy_of(run)
            if reverses is None and not kind_named(kind).applies(pack_of(run.policy)):
                raise RunRefused(
                    _("By the rules of this scheme there is no such run: %(kind)s.")
                    % {"kind": RunKindName(kind).label}
                )
            demand_free(run, at=PREPARE)
            run.save()
            record(run, by=by, origin=origin, act="prepare", reason=reason)
    except IntegrityError:
        clash = Run.objects.filter(LIVE, kind=kind, scheme=scheme, period=period, reverses=reverses).first()
        raise RunRefused(
            _("Run %(run)s (%(state)s) already does this; look at it, or cancel or reverse it first.")
            % {"run": clash or kind, "state": clash.get_state_display() if clash else "?"}
        ) from None
    return run


def _policy_of(run: Run) -> PolicyVersion:
    """The rules a run is computed by: those that hold in its month; of a reversal those of its run."""
    return run.reverses.policy if run.reverses else policy_in_force(scheme=run.scheme, month=run.last_month)


def compute(run_id: int) -> Run:
    """Compute a draft; does nothing when it is computed already. What fails is written on the run."""
    try:
        with working_on(run_id):
            take_memory()
            run = Run.objects.select_for_update().get(pk=run_id)
            if run.state != RunState.DRAFT:
                return run
            demand_open(kind=run.kind, period=run.period)
            run.chunks.all().delete()
            run.exceptions.all().delete()
            run.policy = _policy_of(run)
            with many_rows():
                computed = kind_of(run).compute(run)
            chunks = list(run.chunks.order_by("number"))
            run.rows = sum(chunk.rows for chunk in chunks)
            run.amount = sum((chunk.amount for chunk in chunks), Decimal("0.00"))
            run.totals, run.notices = computed.totals, computed.notices
            run.input_hash = sha256_of(run.policy.sha256, *(chunk.digest for chunk in chunks))
            compare(run)
            run.chain, run.computation = approvals.chain_for(run.kind), run.computation + 1
            run.state, run.computed_at, run.error = RunState.COMPUTED, timezone.now(), ""
            run.save()
            record(run, by=None, origin=run.origin, act="computed")
    except OperationalError:
        raise  # the database went away: the sweeper asks again
    except Exception as error:
        Run.objects.filter(pk=run_id, state=RunState.DRAFT).update(error=str(error))
        raise
    return run


def approve(run: Run, *, by: Staff, origin: str, seen: str | None = None) -> None:
    """Sign the step the run waits for; `seen` (`approvals.seen_of`) says what the person was shown.

    The release is signed by `start_posting`. With all before it signed the run is reviewed.
    """
    with transaction.atomic():
        locked = _locked(run, APPROVABLE)
        step = approvals.next_step(locked)
        if step is None or step.kind == StepKind.RELEASE:
            raise RunRefused(_("%(run)s is approved; what it waits for is to be posted.") % {"run": locked})
        _demand_policy_in_force(locked)
        demand_acknowledged(locked)
        demand_free(locked, at=APPROVE)
        signed = approvals.sign(locked, by=by, seen=seen)
        record(locked, by=by, origin=origin, act="approve", approval=signed)
        if signed.number == len([kind for kind in locked.chain if kind != StepKind.RELEASE]):
            locked.state, locked.reviewed_by, locked.reviewed_at = RunState.REVIEWED, by, signed.at
            locked.save(update_fields=["state", "reviewed_by", "reviewed_at"])
    run.refresh_from_db()


def send_back(run: Run, *, by: Staff, origin: str, reason: str) -> None:
    """Return a run to its preparer, to be computed again; a reversal ends: there is nothing to correct in it.

    What was signed stays on record and no longer counts. Open to whoever may sign any of its steps.
    """
    _demand_reason(reason)
    if not approvals.may_sign_any(by, run.chain):
        raise RunRefused(approvals.not_allowed(by))
    waiting = Run.objects.filter(pk=run.pk, state__in=APPROVABLE)
    ends = run.kind == RunKindName.REVERSAL
    _advance(
        run,
        waiting,
        by=by,
        origin=origin,
        act="refuse" if ends else "send_back",
        reason=reason,
        state=RunState.CANCELLED if ends else RunState.DRAFT,
        reviewed_by=None,
        reviewed_at=None,
    )


def cancel(run: Run, *, by: Staff, origin: str, reason: str) -> None:
    """Give a run up before any of it is posted, also when posting was started but every chunk failed."""
    _demand(by, right_to_prepare(run))
    _demand_reason(reason)
    with transaction.atomic():
        # Whoever posts a chunk holds the run until it is committed: what is posted shows from here on.
        state = Run.objects.select_for_update().values_list("state", flat=True).get(pk=run.pk)
        if state == RunState.POSTING and run.chunks.exclude(posted_at=None).exists():
            raise RunRefused(
                _("Part of %(run)s is posted: it can only go on and then be reversed.") % {"run": run}
            )
        states = [RunState.DRAFT, RunState.COMPUTED, RunState.REVIEWED, RunState.POSTING]
        unposted = Run.objects.filter(pk=run.pk, state__in=states)
        _advance(
            run,
            unposted,
            by=by,
            origin=origin,
            act="cancel",
            reason=reason,
            state=RunState.CANCELLED,
            error="",
        )


def compute_again(run: Run, *, by: Staff | None, origin: str) -> None:
    """Free a draft that was sent back or refused to be computed anew, by the caller or a worker."""
    if by is not None:
        _demand(by, right_to_prepare(run))
    draft = Run.objects.filter(pk=run.pk, state=RunState.DRAFT)
    _advance(run, draft, by=by, origin=origin, act="compute", computed_at=None, error="")


@contextlib.contextmanager
def many_rows() -> Iterator[None]:
    """Keep what a transaction does in the body from joining row by row.

    The server's statistics are older than what a run has just written: of a month posted a minute ago it
    expects one row, and reversing a million would take it days.
    """
    with connection.cursor() as cursor:
        cursor.execute("set local enable_nestloop = off")
        yield
        cursor.execute("set local enable_nestloop = on")


def start_posting(run: Run, *, by: Staff | None, origin: str, seen: str | None = None) -> None:
    """Move an approved run to posting, signing its release; `post_chunks` then does the work.

    Nobody need be named (`by=None`) where the chain asks for no release.
    """
    with transaction.atomic():
        _one_at_a_time()
        demand_free(run, at=POST)
        locked = _locked(run, [RunState.REVIEWED])
        _demand_policy_in_force(locked)
        kind_of(locked).still_holds(locked)
        if locked.reverses:
            kind_of(locked.reverses).may_be_undone(locked.reverses)
        step, signed = approvals.next_step(locked), None
        if step is not None and step.kind != StepKind.RELEASE:
            raise RunRefused(_("%(run)s was changed after it was approved: send it back.") % {"run": locked})
        if step is not None:
            if by is None:
                raise RunRefused(_("%(run)s has to be released by somebody: say by whom.") % {"run": locked})
            signed = approvals.sign(locked, by=by, seen=seen)
        elif by is not None:
            _demand(by, "office.post_run")
        reviewed = Run.objects.filter(pk=run.pk, state=RunState.REVIEWED)
        _advance(
            run,
            reviewed,
            by=by,
            origin=origin,
            act="post",
            approval=signed,
            state=RunState.POSTING,
            booked_in=month_to_book(locked),
        )


def _locked(run: Run, states) -> Run:
    """The run as it is now, held until the transaction ends; RunRefused when in none of the states."""
    locked = Run.objects.select_for_update().get(pk=run.pk)
    if locked.state not in states:
        raise RunRefused(wrong_state(locked))
    return locked


def _demand_policy_in_force(run: Run) -> None:
    in_force = _policy_of(run)
    if run.policy_id != in_force.pk:
        raise RunRefused(
            _("%(version)s holds for this period by now: send the run back to be computed again.")
            % {"version": in_force}
        )


def _one_at_a_time() -> None:
    """Runs that rest on each other start posting and reversing one after the other."""
    with connection.cursor() as cursor:
        cursor.execute("select pg_advisory_xact_lock(%s)", [STARTING_LOCK])


def keep_from_starting() -> None:
    """Until the transaction ends no run starts posting or is reversed; many may ask for it at once."""
    with connection.cursor() as cursor:
        cursor.execute("select pg_advisory_xact_lock_shared(%s)", [STARTING_LOCK])


def try_again(run: Run, *, by: Staff | None, origin: str) -> None:
    """Free what failed to be posted, to be taken up by the caller or a worker."""
    if by is not None:
        _demand(by, "office.post_run")
    posting = Run.objects.filter(pk=run.pk, state=RunState.POSTING)
    with transaction.atomic():
        _advance(run, posting, by=by, origin=origin, act="try_again", error="")
        run.chunks.filter(posted_at=None).exclude(error="").update(error="")


def working_on(run_id: int) -> contextlib.AbstractContextManager[None]:
    """One transaction of a run's own work, on behalf of whoever asked for this step of it last."""
    asked = RunEvent.objects.filter(run=run_id).exclude(act="seal").select_related("actor").latest("id")
    return acting(staff=asked.actor, origin=asked.origin, because=f"run {run_id}")


def take_memory() -> None:
    """Let this transaction sort and hash a chunk in memory; there are as many as workers, not as clerks."""
    with connection.cursor() as cursor:
        cursor.execute("set local work_mem = '128MB'")


def reverse(run: Run, *, by: Staff, origin: str, reason: str) -> Run:
    """Open and compute the run that gives back, transfer by transfer, what `run` moved; it is then approved.

    Who prepared a run cannot have it reversed. Raises RunRefused when it is not posted or has a reversal.
    """
    _demand(by, "office.reverse_run")
    _demand_reason(reason)
    if run.prepared_by and run.prepared_by.person_key == by.person_key:
        raise RunRefused(_("You prepared this run; another person has to reverse it."))
    if run.kind == RunKindName.REVERSAL:
        raise RunRefused(_("A reversal cannot be reversed; run the month again."))
    with transaction.atomic():
        _one_at_a_time()
        posted = _locked(run, [RunState.POSTED])
        kind_of(posted).may_be_undone(posted)
        reversal = prepare(
            kind=RunKindName.REVERSAL,
            scheme=run.scheme,
            period=run.period,
            by=by,
            origin=origin,
            reverses=posted,
            reason=reason,
        )
        record(posted, by=by, origin=origin, act="reverse", reason=reason)
        demand_free(reversal, at=APPROVE)
        compute(reversal.pk)
    reversal.refresh_from_db()
    return reversal


def right_to_prepare(run: Run) -> str:
    """The permission of those who open such runs, have them computed again and give them up."""
    return "office.reverse_run" if run.kind == RunKindName.REVERSAL else "office.prepare_run"


def _advance(
    run: Run,
    claimed,
    *,
    by: Staff | None,
    origin: str,
    act: str,
    reason: str = "",
    approval: RunApproval | None = None,
    **changes,
) -> None:
    """Make a change of state only if the run is still where `claimed` expects it: of two, one succeeds."""
    with transaction.atomic():
        if not claimed.update(**changes):
            run.refresh_from_db()
            raise RunRefused(wrong_state(run))
        record(run, by=by, origin=origin, act=act, reason=reason, approval=approval)
    run.refresh_from_db()


def wrong_state(run: Run) -> str:
    """The refusal of an act that the run's state does not allow."""
    return _("Run %(run)s is in the state “%(state)s”; this cannot be done now.") % {
        "run": run,
        "state": run.get_state_display(),
    }


def _demand(staff: Staff, permission: str) -> None:
    if not may_in_whole_city(staff, permission):
        raise RunRefused(approvals.not_allowed(staff))


def _demand_reason(reason: str) -> None:
    if not reason.strip():
        raise RunRefused(_("Give a reason."))


def record(
    run: Run,
    *,
    by: Staff | None,
    origin: str,
    act: str,
    reason: str = "",
    approval: RunApproval | None = None,
) -> None:
    RunEvent.objects.create(
        run=run,
        actor=by,
        on_behalf_of=approval and approval.on_behalf_of,
        origin=origin,
        act=act,
        step=approval.step if approval else "",
        reason=reason,
    )


def sha256_of(*parts: str) -> str:
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()
