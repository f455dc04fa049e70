"""Late news about a closed account: nothing moves on it any more, so the person or the heirs owe or are owed.

credited too much    receivable of the person -> the fund's account the credit came from
still due            the fund's account it comes from -> owed to the person

Each entry names the month it covers, as adjustments of open accounts do, and counts for late news as they do.
"""

from decimal import Decimal

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from accounts.closing import late_news_of
from accounts.models import Account, AccountKind, LateSettlement, TransferKind
from accounts.vouchers import Move, account_of, hold, post
from office.models import Staff

NOTHING = Decimal("0.00")


@transaction.atomic
def settle_late_news(account: Account, *, reason: str, evidence: str, by: Staff | None) -> LateSettlement:
    """Settle every month whose credit is not what the rules give now. Raises ValidationError."""
    if account.closed_on is None:
        raise ValidationError(_("The account is open: an adjustment run settles this."))
    if not (reason.strip() and evidence.strip()):
        raise ValidationError(_("Give a reason and the number of its evidence."))
    hold(account)  # of two who settle at once the second finds nothing left
    months = late_news_of(account)
    if not months:
        raise ValidationError(_("There is no late news about this account."))
    amount = sum((each.too_much for each in months), NOTHING)
    # Where only the fund's account was another, both entries meet on what is owed, and nobody owes anything.
    kind = AccountKind.RECEIVABLE if amount > 0 else AccountKind.OWED
    theirs = account_of(account.person, scheme=account.scheme, kind=kind)
    settled = LateSettlement.objects.create(
        account=account, amount=amount, reason=reason.strip(), evidence=evidence.strip(), entered_by=by
    )
    moves = []
    for each in months:
        source = account_of(None, scheme=account.scheme, kind=each.source)
        debit, credit = (theirs, source) if each.too_much > 0 else (source, theirs)
        moves.append(
            Move(
                debit=debit,
                credit=credit,
                amount=abs(each.too_much),
                kind=TransferKind.ADJUSTMENT,
                covers=each.month,
            )
        )
    post(moves, source=settled)
    return settled
