"""The later life of a recovery receivable: never more is recovered or written off than is open.

repaid               bank -> receivable
offset               person -> receivable, from what the account holds by then
moved                receivable of the employer -> receivable of the person, where the rules say so
written off          losses -> receivable, once a second person approved it
"""

from decimal import Decimal

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import (
    Account,
    AccountKind,
    Recovery,
    RecoveryKind,
    RecoveryState,
    TransferKind,
)
from accounts.spending import demand_one_in_sight
from accounts.vouchers import Move, account_of, hold, post
from insured.models import Employer
from office.models import Staff
from office.policy import newest_version, pack_of


@transaction.atomic
def repaid(receivable: Account, *, amount: Decimal, by: Staff | None, **why) -> Recovery:
    """Money that came to the bank. `why` is a reason and the number of its evidence, here and below.

    Raises ValidationError, as all acts here do.
    """
    bank = account_of(None, scheme=receivable.scheme, kind=AccountKind.BANK)
    _hold_open(receivable, amount=amount, by=by)
    return _post(RecoveryKind.REPAID, receivable, bank, TransferKind.RECOVERED, amount, by=by, **why)


@transaction.atomic
def offset(receivable: Account, *, amount: Decimal, by: Staff | None, **why) -> Recovery:
    """Taken from the person's own account, as far as that goes."""
    own = Account.objects.filter(
        person=receivable.person_id, scheme=receivable.scheme, kind=AccountKind.PERSON
    ).first()
    if receivable.person_id is None or own is None:
        raise ValidationError(_("There is no personal account to offset this against."))
    held = _hold_open(receivable, own, amount=amount, by=by)
    if amount > held[own.pk]:
        raise ValidationError({"amount": _("The account holds %(left)s yuan.") % {"left": held[own.pk]}})
    return _post(RecoveryKind.OFFSET, receivable, own, TransferKind.RECOVERED, amount, by=by, **why)


@transaction.atomic
def move_to_employer(
    receivable: Account, *, amount: Decimal, employer: Employer, by: Staff | None, **why
) -> Recovery:
    """To be recovered from the employer from now on (Shijiazhuang 9, 15, 16)."""
    if receivable.person_id is None or recovery_article(receivable) is None:
        raise ValidationError(_("By the rules here nothing is recovered through the employer."))
    theirs = account_of(employer, scheme=receivable.scheme, kind=AccountKind.RECEIVABLE)
    _hold_open(receivable, theirs, amount=amount, by=by)
    return _post(
        RecoveryKind.MOVED, receivable, theirs, TransferKind.RECOVERY, amount, by=by, employer=employer, **why
    )


@transaction.atomic
def propose_write_off(receivable: Account, *, amount: Decimal, by: Staff, **why) -> Recovery:
    """Asked of a second person; nothing is posted yet."""
    _hold_open(receivable, amount=amount, by=by)
    return _save(
        Recovery(
            account_id=receivable.pk,
            kind=RecoveryKind.WRITE_OFF,
            state=RecoveryState.PROPOSED,
            amount=amount,
            entered_by=by,
            **_told(**why),
        )
    )


@transaction.atomic
def approve_write_off(receivable: Account, *, by: Staff) -> Recovery:
    """Post what was proposed; never by who proposed it, under whatever sign-in."""
    proposed = _proposed(receivable, by=by)
    losses = account_of(None, scheme=receivable.scheme, kind=AccountKind.LOSSES)
    _hold_open(receivable, amount=proposed.amount, by=by)
    _decide(proposed, RecoveryState.POSTED, by=by)
    move = Move(debit=losses, credit=receivable, amount=proposed.amount, kind=TransferKind.WRITE_OFF)
    return _with_voucher(proposed, move)


@transaction.atomic
def reject_write_off(receivable: Account, *, by: Staff) -> Recovery:
    """The proposal stays on record; another one may be made."""
    return _decide(_proposed(receivable, by=by), RecoveryState.REJECTED, by=by)


def recovery_article(receivable: Account) -> str | None:
    """The article by which receivables are recovered through the employer; None where none says so."""
    payouts = pack_of(newest_version(scheme=receivable.scheme)).account_payouts
    return next((rule.article for rule in payouts if rule.recover_from == "employer"), None)


def _hold_open(
    receivable: Account, *others: Account, amount: Decimal, by: Staff | None
) -> dict[int, Decimal]:
    """Hold the accounts; raise ValidationError when more is asked than is open.

    An employer has people in many counties and belongs to none: its receivables are the city's.
    """
    if receivable.employer_id is None:
        demand_one_in_sight([receivable, *others])
    elif by is not None and not by.sees_whole_city:
        raise ValidationError(_("An employer belongs to no single county: have this entered by the city."))
    held = hold(receivable, *others)
    left = -held[receivable.pk]
    if not 0 < amount <= left:
        raise ValidationError({"amount": _("Of this receivable %(left)s yuan are open.") % {"left": left}})
    return held


def _post(kind, receivable, debit, transfer_kind, amount, *, by, employer=None, **why) -> Recovery:
    recovery = _save(
        Recovery(
            account_id=receivable.pk,
            kind=kind,
            state=RecoveryState.POSTED,
            amount=amount,
            employer=employer,
            entered_by=by,
            **_told(**why),
        )
    )
    return _with_voucher(recovery, Move(debit=debit, credit=receivable, amount=amount, kind=transfer_kind))


def _with_voucher(recovery: Recovery, move: Move) -> Recovery:
    recovery.voucher = post([move], source=recovery)
    recovery.save(update_fields=["voucher"])
    return recovery


def _told(*, reason: str, evidence: str) -> dict[str, str]:
    if not (reason.strip() and evidence.strip()):
        raise ValidationError(_("Give a reason and the number of its evidence."))
    return {"reason": reason.strip(), "evidence": evidence.strip()}


def _save(recovery: Recovery) -> Recovery:
    try:
        with transaction.atomic():
            recovery.save()
    except IntegrityError as error:
        raise ValidationError(
            _("A write-off is proposed already: it is approved or rejected first.")
        ) from error
    return recovery


def _proposed(receivable: Account, *, by: Staff) -> Recovery:
    found = Recovery.objects.select_for_update(no_key=True).filter(
        account_id=receivable.pk, state=RecoveryState.PROPOSED
    )
    proposed = found.select_related(None).first()
    if proposed is None:
        raise ValidationError(_("No write-off is proposed."))
    if proposed.entered_by.person_key == by.person_key:
        raise ValidationError(_("Who proposed a write-off does not decide on it."))
    return proposed


def _decide(recovery: Recovery, state: RecoveryState, *, by: Staff) -> Recovery:
    recovery.state, recovery.decided_by, recovery.decided_at = state, by, timezone.now()
    recovery.save(update_fields=["state", "decided_by", "decided_at"])
    return recovery
