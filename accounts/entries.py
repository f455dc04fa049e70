"""What happened on one account, latest first, with the balance after each entry."""

from dataclasses import dataclass
from decimal import Decimal

from django.db.models import Q

from accounts.models import Account, AccountKind, LumpCredit, Transfer, TransferKind
from office.models import Run, RunKindName, RunState

MOVED_MONEY = [RunState.POSTING, RunState.POSTED, RunState.REVERSED]
# A person's account sees some twenty entries a year.
MOST_SHOWN = 200


@dataclass(frozen=True)
class Entry:
    """One transfer seen from one of its two accounts; `other` is None where it is of another county."""

    transfer: Transfer
    amount: Decimal
    balance: Decimal
    other: Account | None


def entries_of(account: Account, most: int = MOST_SHOWN) -> list[Entry]:
    """The latest entries; amounts and balances have the sign people expect of the account's kind.

    Of a fund's own accounts the monthly credits, a million each, are left out and no balances are told.
    """
    transfers = list(Transfer.objects.filter(_not_credits(credit=account)).order_by("-id")[:most])
    transfers += Transfer.objects.filter(_not_credits(debit=account)).order_by("-id")[:most]
    if account.kind == AccountKind.PERSON:
        transfers += _credits(account)
    transfers.sort(key=lambda transfer: transfer.pk, reverse=True)
    accounts = Account.objects.select_related("person", "facility", "employer").in_bulk(
        {transfer.debit_id for transfer in transfers[:most]}
        | {transfer.credit_id for transfer in transfers[:most]}
    )
    found, balance = [], account.shown_balance
    for transfer in transfers[:most]:
        incoming = transfer.credit_id == account.pk
        amount = transfer.amount if incoming == (not account.is_asset) else -transfer.amount
        other = accounts.get(transfer.debit_id if incoming else transfer.credit_id)
        found.append(Entry(transfer, amount, balance, other))
        balance -= amount
    return found


def transfers_of(account: Account) -> list[Transfer]:
    """Everything that ever moved on a personal account, in the order in which it was posted."""
    others = Transfer.objects.filter(_not_credits(credit=account) | _not_credits(debit=account))
    return sorted([*others, *_credits(account)], key=lambda transfer: transfer.pk)


def _not_credits(**side) -> Q:
    """Served by the partial indexes of the account's either side."""
    return ~Q(kind=TransferKind.CREDIT) & Q(**side)


def _credits(account: Account):
    """The credits of months, by the index that keeps them single: one look-up for each month that may be."""
    credited = Run.objects.filter(kind=RunKindName.CREDIT, scheme=account.scheme, state__in=MOVED_MONEY)
    at_once = LumpCredit.objects.filter(person=account.person_id, scheme=account.scheme)
    covered = {*credited.values_list("period", flat=True), *at_once.values_list("covers", flat=True)}
    return Transfer.objects.filter(kind=TransferKind.CREDIT, covers__in=covered, credit=account)
