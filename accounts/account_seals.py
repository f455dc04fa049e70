"""Seals over accounts: every night, whose the accounts opened since are, chained to the seal before.

What moved on an account is sealed by its number; this says whose that number is. Who opens accounts holds a
lock shared until the end of the transaction (by trigger): while somebody does, sealing waits for another
night.
"""

from django.db import connection, transaction
from django.db.models import Max

from accounts.models import Account, AccountSeal
from office.statements import fetch

# Advisory lock number, as the trigger on accounts_account knows it too (migration 0036).
ACCOUNTS_LOCK = 4209
AT_MOST = 100_000


def seal_accounts() -> None:
    """Seal what was opened since the last seal, so many accounts at a time."""
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("select pg_try_advisory_xact_lock(%s)", [ACCOUNTS_LOCK])
            if cursor.fetchone() == (False,):
                return
        while _seal_some():
            pass


def _seal_some() -> bool:
    """Whether there was anything to seal."""
    before = AccountSeal.objects.order_by("number").last()
    after, previous = (before.last_account, before.digest) if before else (0, "")
    opened = Account.objects.filter(pk__gt=after).order_by("pk")[:AT_MOST]
    last = opened.aggregate(last=Max("pk"))["last"]
    if last is None:
        return False
    count, digest = _digest(previous=previous, after=after, last=last)
    AccountSeal.objects.create(
        number=before.number + 1 if before else 1,
        last_account=last,
        count=count,
        digest=digest,
        previous=previous,
    )
    return True


def first_broken_seal() -> str:
    """The first seal that does not match the accounts it covers or the seal before; empty when all do."""
    after, previous = 0, ""
    for number, seal in enumerate(AccountSeal.objects.order_by("number"), start=1):
        if seal.number != number or seal.previous != previous:
            return f"account seal {seal.number} does not follow seal {number - 1}"
        if (seal.count, seal.digest) != _digest(previous=previous, after=after, last=seal.last_account):
            return (
                f"account seal {number}: accounts {after + 1} to {seal.last_account} are not whose they were"
            )
        after, previous = seal.last_account, seal.digest
    return ""


def _digest(*, previous: str, after: int, last: int) -> tuple[int, str]:
    [found] = fetch("accounts/account_seal_digest", previous=previous, after=after, last=last)
    return found
