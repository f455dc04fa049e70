"""Income of the pooled fund 统筹基金收入: entered by one, posted when another agrees."""

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import AccountKind, FundReceipt, ReceiptState, TransferKind
from accounts.vouchers import Move, account_of, hold, post, reversal_of, transfers_of
from office.models import Staff
from policies.month import Month


def propose_reversal(receipt: FundReceipt, *, remark: str, by: Staff) -> FundReceipt:
    """Ask that a posted receipt be taken back; nothing is posted yet. Raises ValidationError."""
    if receipt.state != ReceiptState.POSTED or receipt.reverses_id:
        raise ValidationError(_("Only a posted receipt is taken back."))
    return FundReceipt.objects.create(
        scheme=receipt.scheme,
        kind=receipt.kind,
        day=receipt.day,
        amount=receipt.amount,
        reference=receipt.reference,
        remark=remark,
        reverses=receipt,
        entered_by=by,
    )


@transaction.atomic
def agree(receipt: FundReceipt, *, by: Staff) -> None:
    """Post what was entered; never by who entered it, under whatever sign-in."""
    receipt = _proposed(receipt, by=by)
    bank = account_of(None, scheme=receipt.scheme, kind=AccountKind.BANK)
    pool = account_of(None, scheme=receipt.scheme, kind=AccountKind.POOL)
    hold(bank, pool)
    _decide(receipt, ReceiptState.POSTED, by=by)
    if receipt.reverses:
        move = reversal_of(transfers_of(receipt.reverses).get(), scheme=receipt.scheme)
    else:
        move = Move(
            debit=bank,
            credit=pool,
            amount=receipt.amount,
            kind=TransferKind(receipt.kind),
            covers=Month.of(receipt.day),
        )
    post([move], source=receipt)


@transaction.atomic
def reject(receipt: FundReceipt, *, by: Staff) -> None:
    """What was entered stays on record; it may be entered again."""
    _decide(_proposed(receipt, by=by), ReceiptState.REJECTED, by=by)


def _proposed(receipt: FundReceipt, *, by: Staff) -> FundReceipt:
    found = FundReceipt.objects.select_for_update(of=["self"]).select_related("entered_by", "reverses")
    receipt = found.get(pk=receipt.pk)
    if receipt.state != ReceiptState.PROPOSED:
        raise ValidationError(_("This is decided already."))
    if receipt.entered_by.person_key == by.person_key:
        raise ValidationError(_("Who entered a receipt does not decide on it."))
    return receipt


def _decide(receipt: FundReceipt, state: ReceiptState, *, by: Staff) -> None:
    receipt.state, receipt.decided_by, receipt.decided_at = state, by, timezone.now()
    receipt.save(update_fields=["state", "decided_by", "decided_at"])
