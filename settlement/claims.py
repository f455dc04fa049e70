"""Manual reimbursements on their way: taken in, receipt by receipt settled, reviewed, posted, and undone.

What is refused here in words the database refuses as well (migration 0033). Everything raises
ValidationError.
"""

from datetime import timedelta

from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import AccountKind, TransferKind
from accounts.vouchers import Move, account_of, hold, post, reversal_of, transfers_of
from facilities.models import Facility
from office.admin.rule_words import WORDS
from office.models import County, Staff, StepKind
from office.signing import SIGNATURES, Standing, standing_to_sign
from policies.month import Month
from settlement import batches
from settlement.claim_rules import gate_of, missing_documents, newborn_window, reasons_on
from settlement.models import (
    Claim,
    ClaimApproval,
    ClaimReason,
    ClaimReceipt,
    ClaimState,
    Decision,
    PaymentItem,
    Visit,
    VisitBatchKind,
    VisitState,
)
from settlement.schemes import scheme_of
from settlement.tasks import enqueue

SIGNATURES[ClaimApproval] = "claim"


def demand_acceptable(claim: Claim) -> None:
    """Whether the rules take such a claim on the day it was received."""
    if claim.received_on > timezone.localdate():
        raise ValidationError({"received_on": _("This day is still to come.")})
    if claim.reason not in reasons_on(claim.received_on, scheme=claim.scheme):
        raise ValidationError({"reason": _("The rules here take no claims for this reason.")})
    if claim.reason == ClaimReason.NEWBORN and (
        found := newborn_window(claim.received_on, scheme=claim.scheme)
    ):
        (first, last), article = found
        raise ValidationError(
            {
                "received_on": _(
                    "Claims for newborns are taken from %(first)s to %(last)s next (article %(article)s)."
                )
                % {"first": first, "last": last, "article": article}
            }
        )


def facility_named(name: str, *, level: str, county: County | None) -> Facility:
    """A facility that is not on record, entered as the receipt names it; without a county out of the city."""
    name = name.strip()
    [(number,)] = _asked("select settlement_enter_facility(%s, %s, %s)", name, level, county and county.pk)
    return Facility.objects.get(pk=number)


def tick_documents(claim: Claim, *, received: list[str], by: Staff) -> None:
    """Say which originals are there; who ticked one before stays on record for it."""
    claim = still_open(claim)
    before = {each["code"]: each for each in claim.documents}
    told = {"by": by.display_name, "on": timezone.localdate().isoformat()}
    claim.documents = [before.get(code) or {"code": code} | told for code in received]
    claim.save(update_fields=["documents"])


@transaction.atomic
def add_receipt(claim: Claim, visit: Visit, *, by: Staff) -> ClaimReceipt:
    """Enter a receipt and have it settled; `visit` says what is on it, its bill the receipt's number."""
    claim = still_open(claim)
    day = timezone.localdate(visit.at)
    if day > claim.received_on:
        raise ValidationError({"at": _("The visit is after the day the claim was received.")})
    if ClaimReceipt.objects.filter(number=visit.bill, live=True).exists():
        raise ValidationError({"bill": _("This receipt is claimed already.")})
    if scheme_of(claim.person, Month.of(day)) != claim.scheme:
        raise ValidationError(
            {"at": _("The person was in another scheme then: take the receipt in with a claim of its own.")}
        )
    visit.person, visit.scheme = claim.person, claim.scheme
    visit.gate = gate_of(day, claim=claim, found=visit.gate)
    visit.asked = 0  # it was paid in cash: no account pays it again
    visit.resembles = resembling(visit).exists()
    batch = batches.enter(visit, by=by, kind=VisitBatchKind.CLAIM)
    try:
        with transaction.atomic():
            receipt = ClaimReceipt.objects.create(claim=claim, visit=visit, number=visit.bill)
    except IntegrityError:
        raise ValidationError({"bill": _("This receipt is claimed already.")}) from None
    enqueue(batch)
    return receipt


def resembling(visit: Visit) -> QuerySet[Visit]:
    """Visits of the same person with the same total on the same day, claimed or reported by a facility."""
    first = timezone.localtime(visit.at).replace(hour=0, minute=0, second=0, microsecond=0)
    alike = Visit.objects.filter(
        person=visit.person_id,
        total=visit.total,
        at__gte=first,
        at__lt=first + timedelta(days=1),
        reverses=None,
        reversed_by=None,
    )
    return alike.exclude(pk=visit.pk)


@transaction.atomic
def drop_receipt(claim: Claim, *, receipt: int, reason: str, by: Staff) -> None:
    """Take a receipt off a claim; what it used of limits is given back."""
    claim = still_open(claim)
    found = live_receipts(claim).filter(pk=receipt).first()
    if found is None:
        raise ValidationError(_("This receipt is not on the claim any more."))
    _give_back([found], reason=reason, by=by)


@transaction.atomic
def hand_in(claim: Claim) -> Claim:
    """Have it reviewed: every receipt is settled, every document there."""
    claim = still_open(claim)
    if lacking := missing_documents(claim):
        raise ValidationError(
            _("These documents are missing: %(documents)s")
            % {"documents": "、".join(str(WORDS.get(code, code)) for code in lacking)}
        )
    if not live_receipts(claim).exists():
        raise ValidationError(_("Enter the receipts first."))
    claim.total, claim.fund = _figures(claim)
    if claim.fund is None:
        raise ValidationError(
            _("A receipt is not settled yet, or on hold because a figure of the rules is missing.")
        )
    [(claim.steps,)] = _asked("select settlement_claim_steps(%s)", claim.fund)
    claim.state, claim.note, claim.revision = ClaimState.HANDED_IN, "", claim.revision + 1
    claim.save(update_fields=["state", "note", "revision", "steps", "total", "fund"])
    return claim


def signatures_of(claim: Claim) -> list[ClaimApproval]:
    """The signatures that count: those of what the claim is now."""
    if not claim.revision:
        return []
    signed = claim.approvals.filter(hash=hash_of(claim)).select_related("person", "on_behalf_of")
    return list(signed.order_by("number"))


def hash_of(claim: Claim) -> str:
    [(found,)] = _asked(
        "select settlement_claim_hash(claim) from settlement_claim claim where id = %s", claim.pk
    )
    return found


def next_step(claim: Claim) -> StepKind | None:
    """The step that waits to be signed; None where nothing does."""
    if claim.state != ClaimState.HANDED_IN:
        return None
    return StepKind(claim.steps[len(signatures_of(claim))])


def standing_of(claim: Claim, staff: Staff) -> Standing:
    """Whether somebody may sign the next step, in their own right or in that of whoever delegated it."""
    return standing_to_sign(
        next_step(claim),
        staff=staff,
        county=claim.person.county_id,
        asked_by=claim.entered_by,
        signed=signatures_of(claim),
    )


@transaction.atomic
def sign(claim: Claim, *, by: Staff, seen: str | None = None) -> Claim:
    """Sign the next step; with the last one it is decided, and what the fund pays is owed to the person.

    `seen` is `seen_of` what was looked at: what has changed since is not signed.
    """
    claim = Claim.objects.select_for_update(of=["self"]).get(pk=claim.pk)
    standing = standing_of(claim, by)
    if standing.refusal:
        raise ValidationError(standing.refusal)
    if seen not in (None, seen_of(claim)):
        raise ValidationError(_("This was changed or signed since you looked at it; look again."))
    number = len(signatures_of(claim)) + 1
    ClaimApproval.objects.create(
        claim=claim,
        number=number,
        step=next_step(claim),
        person=by,
        on_behalf_of=standing.on_behalf_of,
        hash=hash_of(claim),
    )
    if number == len(claim.steps):
        claim.state, claim.decision = ClaimState.DECIDED, decision_of(claim)
        claim.decided_on = timezone.localdate()
        claim.save(update_fields=["state", "decision", "decided_on"])
        if claim.fund:
            _post(claim)
    return claim


def seen_of(claim: Claim) -> str:
    return f"{len(signatures_of(claim))} {hash_of(claim)}"


def decision_of(claim: Claim) -> Decision:
    """What its receipts came to: paid, barred by gates of the rules, or some of each."""
    states = set(live_receipts(claim).values_list("visit__outcome__state", flat=True))
    if states == {VisitState.DENIED}:
        return Decision.REFUSED
    return Decision.PARTLY if VisitState.DENIED in states else Decision.APPROVED


def send_back(claim: Claim, *, reason: str) -> None:
    """Have it corrected: all steps begin again once it is handed in anew."""
    with transaction.atomic():
        claim = _in_state(claim, ClaimState.HANDED_IN)
        claim.state, claim.note = ClaimState.OPEN, _told(reason)
        claim.total, claim.fund, claim.steps = None, None, []
        claim.save(update_fields=["state", "note", "total", "fund", "steps"])


def cancel(claim: Claim, *, reason: str, by: Staff) -> None:
    """Give it up before it is decided; what its receipts used of limits is given back."""
    with transaction.atomic():
        claim = _in_state(claim, ClaimState.OPEN, ClaimState.HANDED_IN)
        claim.state, claim.note = ClaimState.CANCELLED, _told(reason)
        claim.save(update_fields=["state", "note"])
        _give_back(list(live_receipts(claim)), reason=claim.note, by=by)


def undo(claim: Claim, *, reason: str, by: Staff) -> None:
    """Take back what was decided, as long as it stands on no payment order: money, limits, receipts."""
    with transaction.atomic():
        claim = _in_state(claim, ClaimState.DECIDED)
        back = [reversal_of(transfer, scheme=claim.scheme) for transfer in transfers_of(claim)]
        balances = hold(*(side for move in back for side in (move.debit, move.credit)))
        ordered = PaymentItem.objects.filter(transfer_id__in=[move.reverses.pk for move in back], live=True)
        if ordered.exists() or any(balances[move.debit.pk] < move.amount for move in back):
            raise ValidationError(
                _("It stands on a payment order, or is paid: withdraw the order first, or recover it.")
            )
        claim.state, claim.note = ClaimState.UNDONE, _told(reason)
        claim.save(update_fields=["state", "note"])
        if back:
            post(back, source=claim)
        _give_back(list(live_receipts(claim)), reason=claim.note, by=by)


def posted_in(claim: Claim) -> Month | None:
    """The accounting month in which it came to be owed."""
    return transfers_of(claim).filter(reverses_id=None).values_list("month", flat=True).first()


def live_receipts(claim: Claim) -> QuerySet[ClaimReceipt]:
    return claim.receipts.filter(live=True).select_related("visit__facility", "visit__outcome")


def _post(claim: Claim) -> None:
    pool = account_of(None, scheme=claim.scheme, kind=AccountKind.POOL)
    owed = account_of(claim.person, scheme=claim.scheme, kind=AccountKind.OWED)
    hold(owed, pool)
    given = Move(debit=pool, credit=owed, amount=claim.fund, kind=TransferKind.REIMBURSEMENT)
    post([given], source=claim)


def _give_back(receipts: list[ClaimReceipt], *, reason: str, by: Staff) -> None:
    for receipt in receipts:
        refund = batches.take_back(receipt.visit, by=by, reason=reason, kind=VisitBatchKind.CLAIM)
        receipt.live = False
        receipt.save(update_fields=["live"])
        enqueue(refund.batch)


def _figures(claim: Claim) -> tuple:
    found = _asked("select total, fund from settlement_claim_figures(%s)", claim.pk)
    return found[0] if found else (None, None)


def still_open(claim: Claim) -> Claim:
    """The claim, held, while it is still taken in."""
    return _in_state(claim, ClaimState.OPEN)


def _in_state(claim: Claim, *states: ClaimState) -> Claim:
    """The claim, held, in one of the states."""
    held = Claim.objects.select_for_update(of=["self"]).select_related("person", "entered_by")
    found = held.get(pk=claim.pk)
    if found.state not in states:
        raise ValidationError(
            _("It is “%(state)s” by now: look at how things stand.") % {"state": found.get_state_display()}
        )
    return found


def _told(reason: str) -> str:
    if not reason.strip():
        raise ValidationError({"reason": _("Give a reason.")})
    return reason.strip()


def _asked(question: str, *parameters) -> list[tuple]:
    with connection.cursor() as cursor:
        cursor.execute(question, parameters)
        return cursor.fetchall()
