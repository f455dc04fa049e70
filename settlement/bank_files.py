"""Bank files: released orders as a file in a bank's format, written in the background, sealed where it lies.

The cashier makes it, takes it away once it is written, which is noted, and carries it to the bank. Its lines
hold account numbers in the clear: nobody else can open it.
"""

import hashlib

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from accounts.vouchers import hold
from office import uploads
from office.acting import acting
from office.failures import in_words, passes_by_itself
from office.models import Origin, Staff
from settlement import payment_orders
from settlement.bank_formats import FormatError, Payment, bank_formats, write_payments
from settlement.models import BankFile, BankFileState, OrderState, PaymentOrder


@transaction.atomic
def make(*, scheme: str, template: str, by: Staff) -> BankFile:
    """A file of all orders of a scheme that are released; raises ValidationError when there are none."""
    ready = PaymentOrder.objects.filter(scheme=scheme, state=OrderState.RELEASED)
    orders = list(
        ready.select_for_update(of=("self",)).select_related(
            "made_by", "reviewed_by", "released_by", "account"
        )
    )
    hands = {
        staff.person_key
        for order in orders
        for staff in (order.made_by, order.reviewed_by, order.released_by)
    }
    if by.person_key in hands:
        raise ValidationError(_("You made, reviewed or released some of these orders yourself."))
    if not orders:
        raise ValidationError(_("No order of this scheme is released."))
    balances = hold(*(order.account for order in orders))
    if short := payment_orders.short_of_money(orders, balances=balances):
        raise ValidationError(
            _("What these orders pay was taken back meanwhile: have them sent back. %(orders)s")
            % {"orders": "、".join(map(str, short[:10]))}
        )
    file = BankFile.objects.create(
        scheme=scheme,
        template=template,
        rows=len(orders),
        amount=sum(order.amount for order in orders),
        stored_as=uploads.random_name(),
        made_by=by,
    )
    PaymentOrder.objects.filter(pk__in=[order.pk for order in orders]).update(
        state=OrderState.IN_TRANSIT, bank_file=file
    )
    return file


def write(number: int) -> None:
    """Write a file that waits for it; a second delivery finds nothing to do."""
    waiting = BankFile.objects.select_related("made_by").filter(pk=number, state=BankFileState.WAITING)
    file = waiting.first()
    if file is None:
        return
    try:
        with acting(staff=file.made_by, origin=Origin.PAGE):
            locked = waiting.select_for_update(skip_locked=True, of=("self",)).first()
            if locked is not None:
                _write(locked)
    except Exception as error:
        if passes_by_itself(error):
            raise
        with translation.override("zh-hans"):
            told = str(error) if isinstance(error, FormatError) else in_words(error)
        waiting.update(state=BankFileState.FAILED, error=told[:500])
        if not isinstance(error, FormatError):
            raise


def _write(file: BankFile) -> None:
    payments = [
        Payment(
            number=order.number,
            account=order.account_number,
            name=order.payee_name,
            bank=order.bank_name,
            amount=order.amount,
            purpose=order.purpose,
        )
        for order in file.orders.order_by("pk")
    ]
    if (len(payments), sum(payment.amount for payment in payments)) != (file.rows, file.amount):
        raise FormatError(_("The orders are not those the file was made for."))
    content = write_payments(
        payments,
        bank_format=bank_formats()[file.template],
        number=file.number,
        day=timezone.localdate(file.made_at),
    )
    uploads.path_of(file.stored_as).unlink(missing_ok=True)  # of a worker that was killed
    uploads.store([content], name=file.stored_as)
    file.sha256, file.size = hashlib.sha256(content).hexdigest(), len(content)
    file.state = BankFileState.DONE
    file.save(update_fields=["sha256", "size", "state"])


@transaction.atomic
def take(file: BankFile, *, by: Staff) -> bytes:
    """The content of a ready file, for the cashier who takes it to the bank; raises ValidationError."""
    file = BankFile.objects.select_for_update(of=("self",)).get(pk=file.pk)
    if file.state != BankFileState.DONE:
        raise ValidationError(_("This file is not there to be taken away."))
    content = b"".join(uploads.blocks(file.stored_as))
    if hashlib.sha256(content).hexdigest() != file.sha256:
        raise ValidationError(_("The file is not as it was written: tell the auditor."))
    if file.taken_at is None:
        file.taken_by, file.taken_at = by, timezone.now()
        file.save(update_fields=["taken_by", "taken_at"])
    return content


@transaction.atomic
def withdraw(file: BankFile, *, reason: str) -> None:
    """Give up a file nobody has taken away: its orders are released again; raises ValidationError."""
    file = BankFile.objects.select_for_update(of=("self",)).get(pk=file.pk)
    if file.taken_at or file.state not in (BankFileState.DONE, BankFileState.FAILED):
        raise ValidationError(_("Only a file that nobody has taken away can be withdrawn."))
    file.orders.filter(state=OrderState.IN_TRANSIT).update(state=OrderState.RELEASED, bank_file=None)
    file.state, file.reason = BankFileState.WITHDRAWN, reason
    file.save(update_fields=["state", "reason"])
    transaction.on_commit(lambda: uploads.path_of(file.stored_as).unlink(missing_ok=True))
