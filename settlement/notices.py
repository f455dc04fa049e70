"""Payment notices 拨付通知单: what a payee is told on paper, with a code by which it is known to be ours."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from django.utils import timezone

from office.models import City
from office.sealing import blind_index, masked_account
from settlement.amount_words import in_words
from settlement.models import OrderState, PaymentOrder

# A notice is given out of what is certain to be paid.
PRINTED = (OrderState.RELEASED, OrderState.IN_TRANSIT, OrderState.PAID)


@dataclass(frozen=True, kw_only=True)
class Notice:
    order: PaymentOrder
    city: City
    payee_code: str
    account: str
    words: str
    code: str
    day: date


def notices(orders: Iterable[PaymentOrder]) -> list[Notice]:
    """A notice of each order; its account is masked."""
    city = City.objects.get()
    return [
        Notice(
            order=order,
            city=city,
            payee_code=order.facility.code if order.facility else order.person.person_number,
            account=masked_account(order.account_number),
            words=in_words(order.amount),
            code=verification_code(order),
            day=timezone.localdate(order.released_at),
        )
        for order in orders
    ]


def verification_code(order: PaymentOrder) -> str:
    """Twelve characters nobody without the portal's key can work out for another number, payee or amount."""
    told = "\0".join((order.number, order.payee_name, f"{order.amount:.2f}"))
    code = blind_index(told, purpose="payment notice").hex()[:12].upper()
    return "-".join((code[:4], code[4:8], code[8:]))
