"""What an application does once all have signed: money moves as one voucher, and the account is closed."""

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.closing import Figures, figures_of, split
from accounts.interest import first_unpaid, stays_paid
from accounts.models import Account, AccountKind, Application, ApplicationState, TransferKind, Way
from accounts.vouchers import Move, account_of, hold, post, transfers_of
from policies.month import Month


def carry_out(application: Application) -> None:
    """Do it; the caller holds the application and has stored its last signature. Raises ValidationError."""
    application.state, application.done_on = ApplicationState.DONE, timezone.localdate()
    if application.way == Way.UNDOING:
        _undo(application)
    elif application.way == Way.TAKEN_IN:
        _take_in(application)
    elif application.way == Way.NOBODY:
        application.save(update_fields=["state", "done_on"])
    else:
        _pay_out(application)


def _pay_out(application: Application) -> None:
    account, person, scheme = application.account, application.account.person, application.account.scheme
    interest = account_of(None, scheme=scheme, kind=AccountKind.INTEREST)
    receivable = account_of(application.recover_from or person, scheme=scheme, kind=AccountKind.RECEIVABLE)
    shares = list(application.shares.all())
    if application.way == Way.HEIR_ACCOUNTS:
        to, kind = [Account(pk=share.account_id, scheme=scheme) for share in shares], TransferKind.INHERITANCE
    elif application.way == Way.AGENCY:
        to, kind = [account_of(None, scheme=scheme, kind=AccountKind.MOVING)], TransferKind.TRANSFER_OUT
    else:
        to, kind = [account_of(person, scheme=scheme, kind=AccountKind.OWED)], TransferKind.PAYOUT
    # Every account at once, in the ledger's order: the day's figures hold until the transaction ends.
    balance = hold(account, interest, receivable, *to)[account.pk]
    figures = figures_of(account, balance=balance, closes=application.closes, day=application.done_on)
    amounts = split(figures.paid, [share.parts for share in shares])
    targets = to if kind == TransferKind.INHERITANCE else to * len(shares)
    moves = [*_settled(account, figures, interest=interest, receivable=receivable)]
    moves += [
        Move(debit=account, credit=target, amount=amount, kind=kind)
        for target, amount in zip(targets, amounts, strict=True)
        if amount
    ]
    for share, amount in zip(shares, amounts, strict=True):
        share.amount = amount
        share.save(update_fields=["amount"])
    if moves:
        post(moves, source=application)
    application.balance, application.interest = figures.balance, figures.interest
    application.deducted, application.receivable = figures.deducted, figures.receivable
    application.paid = figures.paid
    application.save(
        update_fields=["state", "done_on", "balance", "interest", "deducted", "receivable", "paid"]
    )


def _settled(account: Account, figures: Figures, *, interest: Account, receivable: Account) -> list[Move]:
    """Interest comes in, from where it was paid last; late news is settled; what is then lacking is owed."""
    moves = []
    if figures.interest:
        moves.append(
            Move(
                debit=interest,
                credit=account,
                amount=figures.interest,
                kind=TransferKind.CLOSING_INTEREST,
                covers=Month.of(first_unpaid(account)),
            )
        )
    if figures.receivable:
        moves.append(
            Move(debit=receivable, credit=account, amount=figures.receivable, kind=TransferKind.RECOVERY)
        )
    for each in figures.late_news:
        source = account_of(None, scheme=account.scheme, kind=each.source)
        debit, credit = (account, source) if each.too_much > 0 else (source, account)
        moves.append(
            Move(
                debit=debit,
                credit=credit,
                amount=abs(each.too_much),
                kind=TransferKind.ADJUSTMENT,
                covers=each.month,
            )
        )
    return moves


def _take_in(application: Application) -> None:
    account = application.account
    moving = account_of(None, scheme=account.scheme, kind=AccountKind.MOVING)
    hold(account, moving)
    post(
        [Move(debit=moving, credit=account, amount=application.amount, kind=TransferKind.TRANSFER_IN)],
        source=application,
    )
    application.save(update_fields=["state", "done_on"])


def _undo(application: Application) -> None:
    scheme, done = application.account.scheme, application.reverses
    transfers = [each for each in transfers_of(done) if not stays_paid(each, scheme=scheme)]
    sides = {transfer.debit_id for transfer in transfers} | {transfer.credit_id for transfer in transfers}
    accounts = {pk: Account(pk=pk, scheme=scheme) for pk in sides | {application.account_id}}
    balances = hold(*accounts.values())
    _demand_still_there(done, transfers, balances)
    application.save(update_fields=["state", "done_on"])  # the account is open again
    moves = [
        Move(
            debit=accounts[transfer.credit_id],
            credit=accounts[transfer.debit_id],
            amount=transfer.amount,
            kind=TransferKind.REVERSAL,
            covers=transfer.covers,
            reverses=transfer,
        )
        for transfer in transfers
    ]
    if not moves:
        return
    try:
        with transaction.atomic():
            post(moves, source=application)
    except IntegrityError:
        raise ValidationError(
            _("This cannot be undone: an account that was paid no longer holds the money, or is closed.")
        ) from None


def _demand_still_there(done: Application, transfers: list, balances: dict) -> None:
    """What went to a bank, or was paid back meanwhile, is past undoing."""
    for transfer in transfers:
        if transfer.kind == TransferKind.PAYOUT and balances[transfer.credit_id] < done.paid:
            raise ValidationError(_("This cannot be undone: the bank has paid it already."))
        if transfer.kind == TransferKind.RECOVERY and balances[transfer.debit_id] + transfer.amount > 0:
            raise ValidationError(_("This cannot be undone: what was to be recovered is settled already."))
