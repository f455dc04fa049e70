"""How money moves outside runs: the accounts are held, the sums worked out, and one voucher posted.

    with transaction.atomic():
        balances = hold(own, payable)
        ...
        post([Move(debit=own, credit=payable, amount=sum, kind=TransferKind.SPENDING)], source=purchase)

Pages hold, open and post by functions of the database (migration 0011), which look past the county of
whoever asks: the facility, or the relative who pays, may be of another one. The functions refuse a voucher
that moves money of nobody in the counties the page works for.
"""

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import TypeVar

from django.db import OperationalError, connection, models, transaction
from psycopg import errors

from accounts.models import Account, AccountKind, Transfer, TransferKind, Voucher
from facilities.models import Facility
from insured.models import Employer, Person
from office.periods import month_to_post
from office.statements import prepared
from policies.month import Month

HOLD_ATTEMPTS = 5
Held = TypeVar("Held")


@dataclass(frozen=True, kw_only=True)
class Move:
    """One transfer to be posted: `amount` yuan above zero; `covers` is the accounting month unless told.

    `reverses` is the transfer that is taken back, whole.
    """

    debit: Account
    credit: Account
    amount: Decimal
    kind: TransferKind
    covers: Month | None = None
    reverses: Transfer | None = None


def account_of(
    owner: Person | Facility | Employer | None, *, scheme: str, kind: AccountKind = AccountKind.PERSON
) -> Account:
    """The account of the kind, opened when first asked for; without an owner one of the fund's own."""
    owners = [owner.pk if isinstance(owner, each) else None for each in (Person, Facility, Employer)]
    with connection.cursor() as cursor:
        cursor.execute("select accounts_open(%s, %s, %s, %s, %s)", [kind, scheme, *owners])
        [number] = cursor.fetchone()
    person, facility, employer = owners
    return Account(
        pk=number, kind=kind, scheme=scheme, person_id=person, facility_id=facility, employer_id=employer
    )


def hold(*accounts: Account) -> dict[int, Decimal]:
    """Hold the accounts until the transaction ends; their balances by number, as the ledger has them.

    Whoever moves money of several accounts holds all of them at once: always in the same order, people
    before facilities and employers, the fund's own last, so that nobody waits for each other in a circle.
    A run's chunk moves 50 000 people's balances in whatever order is quickest: to hold them in ours first
    made it half as slow again. Who meets it in a circle lets go, and holds again what it has left.
    """
    return hold_numbers(account.pk for account in accounts)


def hold_numbers(numbers: Iterable[int]) -> dict[int, Decimal]:
    """`hold`, of accounts by their numbers."""
    numbers = list(numbers)
    if len(numbers) < 2:
        return _held(numbers)  # in no circle that letting go of it would open
    return letting_go(lambda: _held(numbers))


def letting_go(hold: Callable[[], Held]) -> Held:
    """What `hold` gives; let go, and asked for again, where others wait for it in a circle."""
    for left in reversed(range(HOLD_ATTEMPTS)):
        try:
            with transaction.atomic():
                held = hold()
            break
        except OperationalError as error:
            if not left or not isinstance(error.__cause__, errors.DeadlockDetected):
                raise
            time.sleep(0.05)  # whoever waited for what was let go has it by then
    return held


def _held(numbers: list[int]) -> dict[int, Decimal]:
    with connection.cursor() as cursor:
        cursor.execute("select id, balance from accounts_hold(%s)", [numbers])
        return dict(cursor.fetchall())


def post(moves: Sequence[Move], *, source: models.Model) -> Voucher:
    """Post the moves as one voucher of the open month, on behalf of whoever the transaction works for.

    `source` is the saved record the act belongs to. All accounts are of one scheme. Raises IntegrityError
    when a personal account would go below zero: hold it and look first.
    """
    month = month_to_post()
    schemes = {account.scheme for move in moves for account in (move.debit, move.credit)}
    [scheme] = schemes
    number = post_columns(
        [move.debit.pk for move in moves],
        [move.credit.pk for move in moves],
        [move.amount for move in moves],
        [str(move.kind) for move in moves],
        [(move.covers or month).first_day for move in moves],
        [move.reverses.pk if move.reverses else "null" for move in moves],
        scheme=scheme,
        source=source,
    )
    return Voucher.objects.get(pk=number)


def post_columns(*columns: Sequence, scheme: str, source: models.Model) -> int:
    """`post`, of many moves by their columns; the number of the voucher.

    Debits, credits (numbers of accounts), amounts, kinds, first days of months covered, transfers taken back
    or "null".
    """
    moves = dict(zip(("debits", "credits", "amounts", "kinds", "covered", "reversed"), columns, strict=True))
    [[number]] = prepared(
        "accounts/post",
        scheme=scheme,
        month=month_to_post().first_day,
        source=source._meta.label_lower,
        source_id=source.pk,
        **moves,
    )
    return int(number)


def reversal_of(transfer: Transfer, *, scheme: str) -> Move:
    """The move that takes a transfer back, whole; its accounts may be out of sight of whoever asks."""
    return Move(
        debit=Account(pk=transfer.credit_id, scheme=scheme),
        credit=Account(pk=transfer.debit_id, scheme=scheme),
        amount=transfer.amount,
        kind=TransferKind.REVERSAL,
        covers=transfer.covers,
        reverses=transfer,
    )


def transfers_of(source: models.Model) -> models.QuerySet[Transfer]:
    """Everything that was posted for a record, in order."""
    vouchers = Voucher.objects.filter(source=source._meta.label_lower, source_id=source.pk)
    return Transfer.objects.filter(voucher_id__in=vouchers.values("pk")).order_by("id")


def numbers_of(voucher: Voucher) -> list[int]:
    """The numbers of a voucher's transfers, in the order of its moves, of whatever county they are."""
    with connection.cursor() as cursor:
        cursor.execute("select accounts_numbers(%s)", [voucher.pk])
        return [number for (number,) in cursor.fetchall()]
