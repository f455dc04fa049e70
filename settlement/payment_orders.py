"""The way of payment orders: made for what is owed, reviewed, released, and made again when they failed.

What the ledger owes is asked of it each time, so that nothing need be noted when it comes to owe something.
The steps between here and the bank are in `bank_files.py` and `bank_returns.py`.
"""

from collections import Counter
from dataclasses import dataclass
from decimal import Decimal

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import connection, transaction
from django.db.models import QuerySet, Sum
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from accounts.models import Account, AccountKind, Transfer, TransferKind, Voucher
from accounts.vouchers import Move, account_of, hold, post
from office.models import Staff
from office.statements import execute, statement
from policies.month import Month
from settlement.models import Claim, OrderState, PayeeKind, PaymentItem, PaymentOrder, Source

# Advisory lock: of two who make orders at once the second finds what the first left.
MAKING_LOCK = 4209
# Nothing is due on these any more.
SETTLED = (OrderState.PAID, OrderState.REISSUED, OrderState.WITHDRAWN)
TAKEN_BACK = gettext_noop("part of it was taken back meanwhile: withdraw it and make it anew.")
BANK_DETAILS = ["payee_name", "bank_name", "account_index", "account_sealed"]


@dataclass(frozen=True, kw_only=True)
class Payable:
    """What of a month and source could be put on orders, in yuan."""

    scheme: str
    month: Month
    source: Source
    payees: int
    transfers: int
    amount: Decimal


def payable() -> list[Payable]:
    """All that is owed and on no order, as far as whoever asks may see."""
    with connection.cursor() as cursor:
        cursor.execute(_over_payable("settlement/payable_totals"))
        return [
            Payable(
                scheme=scheme,
                month=Month.of(month),
                source=Source(source),
                payees=payees,
                transfers=transfers,
                amount=amount,
            )
            for scheme, month, source, payees, transfers, amount in cursor.fetchall()
        ]


@transaction.atomic
def make(*, scheme: str, month: Month, source: Source, by: Staff) -> list[PaymentOrder]:
    """Put what is owed of a month and source on orders; none when nothing is."""
    with connection.cursor() as cursor:
        cursor.execute("select pg_advisory_xact_lock(%s)", [MAKING_LOCK])
        cursor.execute(
            _over_payable("settlement/payment_orders"),
            {
                "scheme": scheme,
                "month": month.first_day,
                "source": source,
                "purpose": purpose_of(month=month, source=source),
                "by": by.pk,
            },
        )
        made = [number for (number,) in cursor.fetchall()]
    orders = list(
        PaymentOrder.objects.filter(pk__in=made).select_related("facility", "person", "share").order_by("pk")
    )
    for order in orders:
        _fill_bank_details(order)
    execute(
        "settlement/bank_details",
        orders=[order.pk for order in orders],
        names=[order.payee_name for order in orders],
        banks=[order.bank_name for order in orders],
        indexes=[order.account_index for order in orders],
        sealed=[order.account_sealed for order in orders],
    )
    return orders


def purpose_of(*, month: Month, source: Source) -> str:
    """What the payee's bank is told, in the agency's language."""
    with translation.override(settings.LANGUAGE_CODE):
        return f"{month} {source.label}"


def take_bank_details(order: PaymentOrder) -> PaymentOrder:
    """Whom and where to pay as the payee's own record has it now."""
    if order.state != OrderState.UNTOUCHED or order.facility is None:
        raise ValidationError(_("The bank account of this order is not taken from a facility."))
    _fill_bank_details(order)
    order.save(update_fields=BANK_DETAILS)
    return order


def enter_bank_details(order: PaymentOrder, *, name: str, bank: str, account: str) -> None:
    """Whom and where to pay a person, or another agency."""
    order.pay_into(name=name, bank=bank, number=account)
    order.save(update_fields=BANK_DETAILS)


def review(orders: QuerySet[PaymentOrder], *, by: Staff) -> list[str]:
    """Say that orders are in order; returns what stands against those that are not."""
    with transaction.atomic():
        found, refused = _in_state(orders, OrderState.UNTOUCHED)
        held = [order for order in found if order.held]
        refused += [_("%(order)s: the bank account is missing.") % {"order": order} for order in held]
        own = [order for order in found if not order.held and _same_person(by, order.made_by)]
        refused += [_("%(order)s: you made it yourself.") % {"order": order} for order in own]
        good = [order.pk for order in found if order not in held and order not in own]
        PaymentOrder.objects.filter(pk__in=good).update(
            state=OrderState.REVIEWED, reviewed_by=by, reviewed_at=timezone.now(), reason=""
        )
    return refused


def release(orders: QuerySet[PaymentOrder], *, by: Staff) -> list[str]:
    """Let orders go to the bank; returns what stands against those that may not.

    What is set against receivables is posted now; an order of which nothing remains is thereby paid.
    """
    with transaction.atomic():
        found, refused = _in_state(orders, OrderState.REVIEWED)
        own = [order for order in found if _same_person(by, order.made_by, order.reviewed_by)]
        refused += [_("%(order)s: you made or reviewed it yourself.") % {"order": order} for order in own]
        found = [order for order in found if order not in own]
        receivables = {
            order.pk: _receivable(order) for order in found if order.recovered and not order.recovery_id
        }
        balances = hold(*(order.account for order in found), *receivables.values())
        short = short_of_money(found, balances=balances)
        good = []
        for order in found:
            receivable = receivables.get(order.pk)
            if order in short:
                refused.append(f"{order}：{_(TAKEN_BACK)}")
            elif receivable and -balances[receivable.pk] < order.recovered:
                told = _("what it is set against was paid otherwise: withdraw it and make it anew.")
                refused.append(f"{order}：{told}")
            else:
                good.append(order)
                if receivable:
                    _recover(order, receivable=receivable)
                    balances[receivable.pk] += order.recovered
        let_go = PaymentOrder.objects.filter(pk__in=[order.pk for order in good])
        let_go.update(state=OrderState.RELEASED, released_by=by, released_at=timezone.now())
        let_go.filter(amount=0).update(state=OrderState.PAID, paid_on=timezone.localdate())
    return refused


def send_back(order: PaymentOrder, *, reason: str) -> None:
    """Have an order that is in no bank file looked at again; what was set against receivables stays so."""
    order.state, order.reason = OrderState.UNTOUCHED, reason
    order.reviewed_by = order.reviewed_at = order.released_by = order.released_at = None
    order.save(update_fields=["state", "reason", "reviewed_by", "reviewed_at", "released_by", "released_at"])


def withdraw(order: PaymentOrder, *, reason: str) -> None:
    """Give up an order that is not released, or that failed; what it was to pay may be put on another."""
    with transaction.atomic():
        order.state, order.reason = OrderState.WITHDRAWN, reason
        order.save(update_fields=["state", "reason"])
        PaymentItem.objects.filter(order=first_of(order)).update(live=False)


def first_of(order: PaymentOrder) -> PaymentOrder:
    """The order that names the transfers: itself, or the first of those it takes up."""
    return order if order.reissues is None else first_of(order.reissues)


@transaction.atomic
def reissue(order: PaymentOrder, *, by: Staff) -> PaymentOrder:
    """A new order over what the bank could not pay, with the payee's bank details as they are now."""
    failed, refused = _in_state(PaymentOrder.objects.filter(pk=order.pk), OrderState.FAILED)
    if refused:
        raise ValidationError(refused)
    [order] = failed
    order.state = OrderState.REISSUED
    order.save(update_fields=["state"])
    again = PaymentOrder.objects.create(
        reissues=order,
        owed=order.amount,
        amount=order.amount,
        made_by=by,
        **{
            name: getattr(order, name)
            for name in (
                "scheme",
                "month",
                "source",
                "account_id",
                "run_id",
                "voucher_id",
                "share_id",
                "payee_kind",
                "facility_id",
                "person_id",
                "county_id",
                "purpose",
            )
        },
    )
    _fill_bank_details(again)
    again.save(update_fields=BANK_DETAILS)
    return again


def _over_payable(name: str) -> str:
    return statement(name).replace("{payable}", statement("settlement/payable"))


def _fill_bank_details(order: PaymentOrder) -> None:
    """What a facility's own record says, or what people gave when they applied; nothing else is known."""
    if order.payee_kind == PayeeKind.FACILITY:
        payee = order.facility
        order.pay_into(name=payee.bank_holder, bank=payee.bank_name, number=payee.bank_account)
    elif order.share is not None:
        share = order.share
        order.pay_into(name=share.name, bank=share.bank_name, number=share.bank_account)
    elif claim := _claim_of(order):
        order.pay_into(name=claim.payee_name, bank=claim.bank_name, number=claim.account_number)
    elif order.payee_kind == PayeeKind.PERSON:
        order.pay_into(name=order.person.name, bank="", number="")


def _claim_of(order: PaymentOrder) -> Claim | None:
    voucher = Voucher.objects.filter(pk=order.voucher_id, source=Claim._meta.label_lower).first()
    return voucher and Claim.objects.get(pk=voucher.source_id)


def _in_state(orders: QuerySet[PaymentOrder], state: OrderState) -> tuple[list[PaymentOrder], list[str]]:
    """The orders, locked, that are in the state, and what is to be said of the others."""
    held = orders.select_for_update(of=("self",)).select_related(
        "made_by", "reviewed_by", "account", "facility", "person", "share"
    )
    found = list(held.order_by("pk"))
    others = [
        _("%(order)s: it is “%(state)s” by now.") % {"order": order, "state": order.get_state_display()}
        for order in found
        if order.state != state
    ]
    return [order for order in found if order.state == state], others


def _same_person(staff: Staff, *others: Staff) -> bool:
    return staff.person_key in {other.person_key for other in others}


def short_of_money(orders: list[PaymentOrder], *, balances: dict[int, Decimal]) -> list[PaymentOrder]:
    """The orders whose account, as it is held, does not have all that is due from it."""
    live = PaymentOrder.objects.filter(account__in=balances).exclude(state__in=SETTLED)
    due = Counter(dict(live.values_list("account").annotate(Sum("amount"))))
    promised = live.filter(recovery_id=None).values_list("account").annotate(Sum("recovered"))
    due.update(dict(promised))
    return [
        order
        for order in orders
        if order.account.kind != AccountKind.MOVING and balances[order.account_id] < due[order.account_id]
    ]


def _receivable(order: PaymentOrder) -> Account:
    return account_of(order.facility or order.person, scheme=order.scheme, kind=AccountKind.RECEIVABLE)


def _recover(order: PaymentOrder, *, receivable: Account) -> None:
    """Set what the payee owes against what it is owed."""
    recovered = Move(
        debit=order.account,
        credit=receivable,
        amount=order.recovered,
        kind=TransferKind.RECOVERED,
        covers=order.month,
    )
    voucher = post([recovered], source=order)
    transfer = Transfer.objects.get(voucher_id=voucher.pk)
    PaymentOrder.objects.filter(pk=order.pk).update(recovery_id=transfer.pk)
