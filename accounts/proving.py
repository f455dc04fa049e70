"""The nightly proof: vouchers and accounts are sealed, the books proved, and what was found is kept."""

from datetime import timedelta

from django.utils import timezone, translation

from accounts.account_seals import seal_accounts
from accounts.models import AccountSeal, BooksCheck, VoucherSeal
from accounts.verify import verify_books
from accounts.voucher_seals import seal_vouchers
from office.acting import acting
from office.models import Origin, Run

# One is made every night: a check older than this says that the schedule stands still.
OVERDUE = timedelta(hours=36)


def prove_books(*, origin: Origin) -> BooksCheck:
    """Seal what vouchers and accounts there are and prove the books; the check as it is kept."""
    started_at = timezone.now()
    with acting(staff=None, origin=origin):
        seal_vouchers()
        seal_accounts()
    # Kept in English, and told in the language of whoever reads.
    with translation.override("en"):
        findings = [finding.__dict__ for finding in verify_books()]
    run = Run.objects.exclude(seal="").order_by("seal_number").last()
    vouchers = VoucherSeal.objects.order_by("number").last()
    accounts = AccountSeal.objects.order_by("number").last()
    return BooksCheck.objects.create(
        started_at=started_at,
        origin=origin,
        findings=findings,
        wrong=sum(1 for finding in findings if finding["wrong"]),
        run_seal=run.seal if run else "",
        voucher_seal=vouchers.digest if vouchers else "",
        account_seal=accounts.digest if accounts else "",
    )


def last_check() -> BooksCheck | None:
    return BooksCheck.objects.order_by("pk").last()
