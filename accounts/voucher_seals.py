"""Seals over vouchers: every night one SHA-256 over those posted since, chained to the seal before.

Whoever posts a voucher holds the vouchers' lock shared until the end of the transaction (by trigger, before
the voucher has its number); sealing takes it alone. So nothing below the last number sealed is still to come,
and `verify_books` finds a voucher changed, removed or slipped in afterwards.
"""

from django.db import connection, transaction

from accounts.models import Voucher, VoucherSeal
from office.statements import fetch

# Advisory lock number, as the trigger on accounts_voucher knows it too (migration 0026).
VOUCHERS_LOCK = 4208


def seal_vouchers() -> VoucherSeal | None:
    """Seal what was posted since the last seal; None when nothing was."""
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("select pg_advisory_xact_lock(%s)", [VOUCHERS_LOCK])
        before = VoucherSeal.objects.order_by("number").last()
        after = before.last_voucher if before else 0
        last = Voucher.objects.order_by("pk").values_list("pk", flat=True).last() or 0
        if last <= after:
            return None
        previous = before.digest if before else ""
        count, digest = _digest(previous=previous, after=after, last=last)
        return VoucherSeal.objects.create(
            number=before.number + 1 if before else 1,
            last_voucher=last,
            count=count,
            digest=digest,
            previous=previous,
        )


def first_broken_seal() -> str:
    """The first seal that does not match the vouchers it covers or the seal before; empty when all do."""
    after, previous = 0, ""
    for number, seal in enumerate(VoucherSeal.objects.order_by("number"), start=1):
        if seal.number != number or seal.previous != previous:
            return f"voucher seal {seal.number} does not follow seal {number - 1}"
        if (seal.count, seal.digest) != _digest(previous=previous, after=after, last=seal.last_voucher):
            return (
                f"voucher seal {number}: vouchers {after + 1} to {seal.last_voucher} are not those it sealed"
            )
        after, previous = seal.last_voucher, seal.digest
    return ""


def _digest(*, previous: str, after: int, last: int) -> tuple[int, str]:
    [found] = fetch("accounts/voucher_seal_digest", previous=previous, after=after, last=last)
    return found
