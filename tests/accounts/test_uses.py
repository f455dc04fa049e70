"""What accounts pay: whose, for what, in which order, and what comes back of it."""

from datetime import date
from decimal import Decimal

import pytest

from accounts.models import Account, TransferKind
from accounts.spending import post_use
from accounts.verify import verify_books
from accounts.vouchers import account_of, transfers_of
from insured.models import FamilyLink
from tests.population import contract, fund, insure

DAY = date(2023, 5, 10)
pytestmark = pytest.mark.django_db


def holder(amount: str, **person):
    person = insure(**person)
    fund(person, amount)
    return person


def linked(person, relative, relation="spouse", first=date(2023, 1, 1), last=None):
    """Somebody's account granted to a relative."""
    return FamilyLink.objects.create(
        person=person,
        relative=relative,
        relation=relation,
        first_day=first,
        last_day=last,
        ended_because="other" if last else "",
    )


def used(person, amount, **given):
    defaults = {"scheme": "310", "purpose": "facility_cost", "day": DAY, "by": None}
    return post_use(person=person, amount=Decimal(amount), **{**defaults, **given})


def balance(person) -> Decimal:
    return Account.objects.get(person=person, kind="person").balance


def test_the_own_account_pays_first_then_those_granted_in_their_order_and_the_rest_is_cash():
    patient, spouse, child = holder("30.00"), holder("50.00", county="441621"), holder("7.00")
    linked(child, patient, "parent", first=date(2023, 2, 1))
    linked(spouse, patient, first=date(2023, 1, 1))
    linked(holder("99.00"), patient, first=date(2022, 1, 1), last=date(2023, 5, 9))
    facility = contract()
    use = used(patient, "90.00", facility=facility, bill_number="A1")
    assert (use.own_part, use.family_part, use.cash_part) == (
        Decimal("30.00"),
        Decimal("57.00"),
        Decimal("3.00"),
    )
    assert [(t.kind, t.amount) for t in transfers_of(use)] == [
        (TransferKind.SPENDING, Decimal("30.00")),
        (TransferKind.FAMILY, Decimal("50.00")),
        (TransferKind.FAMILY, Decimal("7.00")),
    ]
    assert len({t.voucher_id for t in transfers_of(use)}) == 1
    assert [balance(each) for each in (patient, spouse, child)] == [0, 0, 0]
    assert account_of(facility, scheme="310", kind="payable").pk == transfers_of(use)[0].credit_id
    assert [finding.wrong for finding in verify_books() if finding.wrong] == []
