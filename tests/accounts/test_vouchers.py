"""What moves outside runs: posted whole or not at all, by pages only through the ledger's own functions."""

from decimal import Decimal

import pytest
from django.db import DatabaseError, IntegrityError, transaction

from accounts.models import Account, Transfer, TransferKind, Voucher
from accounts.verify import verify_books
from accounts.vouchers import Move, account_of, hold, post
from office.acting import acting
from policies.month import Month
from tests.population import contract, fund, insure, member, spend

MARCH = Month(2026, 3)
pytestmark = pytest.mark.django_db


def funded(amount: str, **person):
    """A person with so many yuan on the account."""
    person = insure(**person)
    fund(person, amount)
    return person


def test_a_voucher_moves_balances_and_says_who_posted_it():
    clerk, person, facility = member("clerk"), funded("100.00"), contract()
    own, payable = account_of(person, scheme="310"), account_of(facility, scheme="310", kind="payable")
    with acting(staff=clerk, origin="page"):
        assert hold(payable, own) == {own.pk: Decimal("100.00"), payable.pk: Decimal("0.00")}
        voucher = post(
            [Move(debit=own, credit=payable, amount=Decimal("30.05"), kind=TransferKind.SPENDING)],
            source=person,
        )
    assert (voucher.rows, voucher.amount, voucher.posted_by, voucher.origin) == (
        1,
        Decimal("30.05"),
        clerk,
        "page",
    )
    own.refresh_from_db(), payable.refresh_from_db()
    assert (own.balance, payable.balance) == (Decimal("69.95"), Decimal("30.05"))
    assert [finding.wrong for finding in verify_books() if finding.wrong] == []


def test_nothing_is_posted_of_a_voucher_that_asks_too_much():
    person = funded("10.00")
    with pytest.raises(IntegrityError, match="account_person_not_negative"), transaction.atomic():
        spend(person, "10.01")
    assert (Voucher.objects.count(), Transfer.objects.count()) == (1, 1)
    assert Account.objects.get(kind="person").balance == Decimal("10.00")


def test_a_page_posts_by_the_functions_alone_and_only_for_its_counties(settings):
    person, elsewhere = funded("10.00"), funded("10.00", county="441621")
    clerk = member("clerk", counties=("441602",))
    page = {"staff": clerk, "origin": "page", "role": settings.PAGES_ROLE}
    with acting(**page):
        spend(person, "4.00")
    for forbidden in (
        lambda: spend(elsewhere, "4.00"),
        lambda: Account.objects.filter(person=person).update(balance=1000),
        lambda: Transfer.objects.create(
            debit_id=1,
            credit_id=2,
            amount=1,
            kind="spending",
            month=MARCH,
            covers=MARCH,
            run_id=1,
        ),
    ):
        with pytest.raises(DatabaseError), transaction.atomic(), acting(**page):
            forbidden()
    assert Account.objects.get(person=person).balance == Decimal("6.00")
    assert Account.objects.get(person=elsewhere).balance == Decimal("10.00")
