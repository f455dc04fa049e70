"""Which accounts pay the person's part of visits, and the vouchers that move their money.

The account pays as far as it has money (reading 8): up to what the facility reports to have taken from it,
and the whole part where it reports nothing; what is asked beyond the balance is cash. The own account comes
first, then those of relatives who granted use on the day (Honghe 22). What a refund gives back to an account
can be spent from the next chunk on.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from django.db import models

from accounts.models import Transfer, TransferKind
from accounts.vouchers import Move, hold_numbers, post, post_columns
from office.statements import execute, prepared

OWN, RELATIVES = TransferKind.SPENDING.value, TransferKind.FAMILY.value


class Here(int):
    """The place of a transfer among those that are about to be posted."""


class Purse(NamedTuple):
    """An account that pays for somebody, from which day of visits to which; one's own on any.

    relation: what the patient is to the holder, `self` for one's own.
    """

    account: int
    relation: str
    first_day: str | None
    last_day: str | None


class Payment(NamedTuple):
    """What an account pays of a visit, in 分; month: the first day of the one it covers."""

    account: int
    payable: int
    amount: int
    kind: str
    month: str


@dataclass(slots=True)
class Purses:
    """The accounts that may pay, by person, with their balances in 分; what is to move, and to go back."""

    of: dict[int, list[Purse]] = field(default_factory=dict)
    balances: dict[int, int] = field(default_factory=dict)
    payable: dict[int, int] = field(default_factory=dict)
    reversible: dict[int, Transfer] = field(default_factory=dict)
    moves: list[Payment] = field(default_factory=list)
    back: list[int] = field(default_factory=list)

    def spend(
        self, asked: int, *, person: int, payers: frozenset[str], facility: int, day: str
    ) -> tuple[int, int]:
        """What of `asked` 分 the own account pays, and what relatives' do, of those the rules let pay."""
        own = relatives = 0
        for account, relation, first, last in self.of[person]:
            if relation not in payers or (first is not None and not first <= day <= last):
                continue
            amount = min(asked, self.balances[account])
            if amount <= 0:
                continue
            asked -= amount
            self.balances[account] -= amount
            if first is None:
                own += amount
            else:
                relatives += amount
            kind = OWN if first is None else RELATIVES
            self.moves.append(Payment(account, self.payable[facility], amount, kind, f"{day[:7]}-01"))
        return own, relatives


def held(*, people: set[int], facilities: set[int], given_back: list[int], scheme: str) -> Purses:
    """The accounts of these people and of their relatives, and those that transfers go back to, all held.

    `facilities` are those whose bills are paid; their accounts are opened, and held only by `move`.
    """
    purses = Purses()
    if given_back:
        transfers = Transfer.objects.filter(pk__in=given_back).select_related("debit", "credit")
        purses.reversible = {transfer.pk: transfer for transfer in transfers}
    found = prepared(
        "settlement/visit_purses",
        people=sorted(people),
        given_back=sorted({transfer.debit_id for transfer in purses.reversible.values()}),
        scheme=scheme,
    )
    for person, account, balance, relation, *days in found:
        purse = Purse(int(account), relation.decode(), *(day and day.decode() for day in days))
        purses.of.setdefault(int(person), []).append(purse)
        purses.balances[purse.account] = int(balance)
    if purses.of:
        purses.payable = payable_of(facilities, scheme=scheme)
    return purses


def payable_of(facilities: set[int], *, scheme: str) -> dict[int, int]:
    """The accounts from which facilities are paid, by facility; opened where they are missing."""
    found = _payable(facilities, scheme=scheme)
    missing = sorted(facilities - found.keys())
    if missing:
        execute("accounts/open_facility_accounts", scheme=scheme, facilities=missing, kinds=["payable"])
        found |= _payable(missing, scheme=scheme)
    return found


def _payable(facilities: Iterable[int], *, scheme: str) -> dict[int, int]:
    found = prepared("settlement/visit_payable", facilities=list(facilities), scheme=scheme)
    return {int(facility): int(account) for facility, account in found}


def move(purses: Purses, *, scheme: str, source: models.Model) -> int | None:
    """Post what accounts pay as the voucher whose number is returned, what goes back to them as another."""
    voucher = None
    paid_to = {payment.payable for payment in purses.moves}
    if len(paid_to) > 1 or purses.back:
        hold_numbers(paid_to | {transfer.credit_id for transfer in purses.reversible.values()})
    if purses.moves:
        voucher = post_columns(
            *columns_of(purses.moves), ["null"] * len(purses.moves), scheme=scheme, source=source
        )
    if purses.back:
        just_posted = {}
        if any(isinstance(number, Here) for number in purses.back):
            transfers = Transfer.objects.filter(voucher_id=voucher).order_by("pk")
            just_posted = dict(enumerate(transfers.select_related("debit", "credit")))
        transfers = [
            just_posted[number] if isinstance(number, Here) else purses.reversible[number]
            for number in purses.back
        ]
        post([given_back(transfer) for transfer in transfers], source=source)
    return voucher


def columns_of(moves: list[Payment]) -> tuple[Sequence, ...]:
    """Debits, credits, amounts in yuan, kinds, months covered."""
    debits, credits, amounts, kinds, months = zip(*moves, strict=True) if moves else ((),) * 5
    return debits, credits, [f"{amount}e-2" for amount in amounts], kinds, months


def given_back(transfer: Transfer) -> Move:
    return Move(
        debit=transfer.credit,
        credit=transfer.debit,
        amount=transfer.amount,
        kind=TransferKind.REVERSAL,
        covers=transfer.covers,
        reverses=transfer,
    )
