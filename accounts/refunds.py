"""What comes back of a use: all of it by reversal, or a part.

A part is given back last paid first: the cash, then relatives' accounts from the last to the first, then the
own one. What stays is thus what accounts and cash would have paid of the smaller purchase (Honghe 22).
"""

from collections.abc import Sequence
from decimal import Decimal

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from accounts.models import (
    Account,
    AccountKind,
    AccountUse,
    Transfer,
    TransferKind,
    UseRefund,
    UseShare,
    UseState,
    Voucher,
)
from accounts.spending import NOTHING, demand_one_in_sight, payee
from accounts.vouchers import Move, hold, post
from office.models import Staff


def given_back(amount: Decimal, *, cash: Decimal, shares: Sequence[Decimal]) -> tuple[Decimal, list[Decimal]]:
    """Of an amount what comes back in cash, and to each share, all given with what is left of them and in
    the order they paid. The amount is at most what is left altogether."""
    in_cash = min(amount, cash)
    left, backs = amount - in_cash, []
    for share in reversed(shares):
        backs.append(min(left, share))
        left -= backs[-1]
    assert left == 0
    return in_cash, backs[::-1]


@transaction.atomic
def reverse(use: AccountUse, *, reason: str, by: Staff | None, bill_number: str = "") -> UseRefund:
    """Take a use back whole: each of its transfers is reversed, once. Raises ValidationError."""
    use = _held(use)
    if use.refunded:
        raise ValidationError(_("A part of this was given back already: give back what is left of it."))
    shares = list(use.shares.order_by("place"))
    refund = _entered(use, amount=use.amount, shares=shares, backs=[share.amount for share in shares])
    refund.whole = True
    moves = [(TransferKind.REVERSAL, share, share.amount, Transfer(pk=share.transfer_id)) for share in shares]
    return _finished(use, refund, moves, reason=reason, by=by, bill_number=bill_number)


@transaction.atomic
def refund(
    use: AccountUse, *, amount: Decimal, reason: str, by: Staff | None, bill_number: str = ""
) -> UseRefund:
    """Give a part of a use back, at most what is left of it. Raises ValidationError."""
    use = _held(use)
    if amount <= 0:
        raise ValidationError({"amount": _("Give an amount above zero.")})
    if amount > use.open_amount:
        raise ValidationError(
            {"amount": _("Of this use %(left)s yuan are left to give back.") % {"left": use.open_amount}}
        )
    shares = list(use.shares.order_by("place"))
    open_shares = [share.amount - share.refunded for share in shares]
    cash = use.open_amount - sum(open_shares, NOTHING)
    _cash, backs = given_back(amount, cash=cash, shares=open_shares)
    entered = _entered(use, amount=amount, shares=shares, backs=backs)
    moves = [
        (TransferKind.REFUND, share, back, None) for share, back in zip(shares, backs, strict=True) if back
    ]
    return _finished(use, entered, moves, reason=reason, by=by, bill_number=bill_number)


def _held(use: AccountUse) -> AccountUse:
    """The use as it is now, for this transaction alone: whoever comes second finds what the first did."""
    use = AccountUse.objects.select_for_update(no_key=True).get(pk=use.pk)
    if use.state == UseState.REVERSED:
        raise ValidationError(_("This use is reversed already."))
    return use


def _entered(use: AccountUse, *, amount: Decimal, shares: list[UseShare], backs: list[Decimal]) -> UseRefund:
    parts = list(zip(shares, backs, strict=True))
    own = sum((back for share, back in parts if share.link_id is None), NOTHING)
    family = sum((back for share, back in parts if share.link_id is not None), NOTHING)
    return UseRefund(
        use=use, whole=False, amount=amount, own_part=own, family_part=family, cash_part=amount - own - family
    )


def _finished(use, refund, moves, *, reason: str, by: Staff | None, bill_number: str) -> UseRefund:
    if not reason.strip():
        raise ValidationError({"reason": _("Give a reason.")})
    refund.reason, refund.entered_by, refund.bill_number = reason.strip(), by, bill_number.strip()
    refund.voucher = _posted(use, moves)
    refund.validate_constraints()
    refund.save()
    for _kind, share, back, _reversed in moves:
        UseShare.objects.filter(pk=share.pk).update(refunded=share.refunded + back)
    AccountUse.objects.filter(pk=use.pk).update(
        refunded=use.refunded + refund.amount,
        state=UseState.REVERSED if refund.whole else UseState.POSTED,
    )
    return refund


def _posted(use: AccountUse, moves: list[tuple]) -> Voucher | None:
    """The voucher of what goes back from who was paid; none where all was cash."""
    if not moves:
        return None
    back_from = payee(use)
    accounts = {
        share: Account(pk=share.account_id, kind=AccountKind.PERSON, scheme=use.scheme)
        for _kind, share, _back, _reversed in moves
    }
    demand_one_in_sight([*accounts.values(), back_from])
    covers = use.voucher.month
    hold(*accounts.values())
    try:
        with transaction.atomic():
            return post(
                [
                    Move(
                        debit=back_from,
                        credit=accounts[share],
                        amount=back,
                        kind=kind,
                        covers=covers,
                        reverses=reverses,
                    )
                    for kind, share, back, reverses in moves
                ],
                source=use,
            )
    except IntegrityError as error:  # what is given to an account fails only when the account is closed
        raise ValidationError(
            _("An account that paid is closed since: nothing can be given back to it.")
        ) from error
