"""Which accounts pay the person's part of visits, and the vouchers that move their money.

The account pays as far as it has money (reading 8): up to what the facility reports to have taken from it,
and the whole part where it reports nothing; what is asked beyond the balance is cash. The own account comes
first, then those of relatives who granted use on the day (Honghe 22). What a refund gives back to an account
can be spent from the next chunk on.
"""

from dataclasses import dataclass, field
from decimal import Decimal
from typing import NamedTuple

from django.db import models

from accounts.models import Account, AccountKind, Transfer, TransferKind, Voucher
from accounts.vouchers import Move, hold, post
from office.statements import execute, fetch
from policies.month import Month


class Here(int):
    """The place of a transfer among those that are about to be posted."""


class Payer(NamedTuple):
    """An account by what moving its money takes; there are tens of thousands in a chunk."""

    pk: int
    scheme: str


class Purse(NamedTuple):
    """An account that pays for somebody, on which days of visits; one's own on any.

    relation: what the patient is to the holder, `self` for one's own.
    """

    account: Payer
    kind: TransferKind
    relation: str
    days: tuple[str, str] | None


@dataclass
class Purses:
    """The accounts that may pay, by person, with their balances in 分; what is to move, and to go back."""

    of: dict[int, list[Purse]] = field(default_factory=dict)
    balances: dict[int, int] = field(default_factory=dict)
    payable: dict[str, Account] = field(default_factory=dict)
    reversible: dict[int, Transfer] = field(default_factory=dict)
    moves: list[Move] = field(default_factory=list)
    back: list[int] = field(default_factory=list)

    def spend(
        self, asked: int, *, person: int, payers: frozenset[str], facility: str, day: str, month: Month
    ) -> tuple[int, int]:
        """What of `asked` 分 the own account pays, and what relatives' do, of those the rules let pay."""
        paid = {TransferKind.SPENDING: 0, TransferKind.FAMILY: 0}
        for purse in self.of[person]:
            amount = min(asked, self.balances[purse.account.pk])
            if (
                amount <= 0
                or purse.relation not in payers
                or (purse.days and not purse.days[0] <= day <= purse.days[1])
            ):
                continue
            asked -= amount
            paid[purse.kind] += amount
            self.balances[purse.account.pk] -= amount
            self.moves.append(
                Move(
                    debit=purse.account,
                    credit=self.payable[facility],
                    amount=Decimal(amount).scaleb(-2),
                    kind=purse.kind,
                    covers=month,
                )
            )
        return paid[TransferKind.SPENDING], paid[TransferKind.FAMILY]


def held(*, people: set[int], facilities: set[int], given_back: list[int], scheme: str) -> Purses:
    """The accounts of these people and of their relatives, and those that transfers go back to, all held.

    `facilities` are those whose bills are paid; their accounts are opened, and held only by `move`.
    """
    purses = Purses()
    transfers = Transfer.objects.filter(pk__in=given_back).select_related("debit", "credit")
    purses.reversible = {transfer.pk: transfer for transfer in transfers}
    accounts = {Payer(transfer.debit_id, scheme) for transfer in purses.reversible.values()}
    found = fetch("settlement/visit_purses", people=sorted(people), scheme=scheme)
    for person, number, relation, first, last in found:
        account = Payer(number, scheme)
        accounts.add(account)
        days = None if first is None else (str(first), str(last))
        kind = TransferKind.FAMILY if days else TransferKind.SPENDING
        purses.of.setdefault(person, []).append(Purse(account, kind, relation, days))
    if accounts:
        purses.balances = {number: int(balance.scaleb(2)) for number, balance in hold(*accounts).items()}
    if purses.of:
        asked = sorted(facilities)
        execute("accounts/open_facility_accounts", scheme=scheme, facilities=asked, kinds=["payable"])
        payable = Account.objects.filter(facility__in=asked, scheme=scheme, kind=AccountKind.PAYABLE)
        purses.payable = {str(account.facility_id): account for account in payable}
    return purses


def move(purses: Purses, *, source: models.Model) -> Voucher | None:
    """Post what accounts pay, as the voucher returned, and as another what goes back to them."""
    hold(
        *(each.credit for each in purses.moves),
        *(transfer.credit for transfer in purses.reversible.values()),
    )
    voucher = post(purses.moves, source=source) if purses.moves else None
    if purses.back:
        just_posted = {}
        if any(isinstance(number, Here) for number in purses.back):
            transfers = Transfer.objects.filter(voucher_id=voucher.pk).order_by("pk")
            just_posted = dict(enumerate(transfers.select_related("debit", "credit")))
        transfers = [
            just_posted[number] if isinstance(number, Here) else purses.reversible[number]
            for number in purses.back
        ]
        post([given_back(transfer) for transfer in transfers], source=source)
    return voucher


def given_back(transfer: Transfer) -> Move:
    return Move(
        debit=transfer.credit,
        credit=transfer.debit,
        amount=transfer.amount,
        kind=TransferKind.REVERSAL,
        covers=transfer.covers,
        reverses=transfer,
    )
