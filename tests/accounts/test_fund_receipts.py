"""Income of the fund: nobody books alone, and what was booked wrongly goes back the way it came."""

from datetime import date
from decimal import Decimal

import pytest
from django.core.exceptions import ValidationError
from django.db import DatabaseError, IntegrityError, transaction

from accounts import fund_income
from accounts.models import Account, FundReceipt, Transfer, TransferKind
from accounts.verify import verify_books
from accounts.vouchers import Move, account_of, post
from tests.population import member

pytestmark = pytest.mark.django_db


def balances() -> dict[str, Decimal]:
    return dict(Account.objects.values_list("kind", "balance"))


def wrong() -> list[str]:
    return [finding.wrong for finding in verify_books() if finding.wrong]


def test_income_is_booked_by_two_and_taken_back_by_two():
    accountant, reviewer = member("finance_accountant"), member("reviewer")
    entered = {"scheme": "310", "kind": "subsidy", "day": date(2026, 3, 5), "amount": "1000000.00"}
    receipt = FundReceipt.objects.create(**entered, reference="S1", entered_by=accountant)
    assert balances() == {}
    with pytest.raises(ValidationError, match="不能由同一人"):
        fund_income.agree(receipt, by=accountant)
    fund_income.agree(receipt, by=reviewer)
    assert balances() == {"bank": Decimal("-1000000.00"), "pool": Decimal("1000000.00")}
    with pytest.raises(ValidationError, match="已审定"):
        fund_income.agree(receipt, by=reviewer)
    with pytest.raises(IntegrityError, match="fund_receipt_entered_once"), transaction.atomic():
        FundReceipt.objects.create(**entered, reference="S1", entered_by=accountant)

    receipt.refresh_from_db()
    back = fund_income.propose_reversal(receipt, remark="Of another city", by=accountant)
    with pytest.raises(IntegrityError, match="fund_receipt_taken_back_once"), transaction.atomic():
        fund_income.propose_reversal(receipt, remark="Again", by=accountant)
    fund_income.agree(back, by=reviewer)
    assert set(balances().values()) == {Decimal(0)}
    assert [(each.kind, each.reverses_id) for each in Transfer.objects.order_by("id")] == [
        ("subsidy", None),
        ("reversal", Transfer.objects.earliest("id").pk),
    ]
    assert wrong() == []


def test_the_database_holds_receipts_and_the_proof_finds_what_got_past_it():
    accountant = member("finance_accountant")
    receipt = FundReceipt.objects.create(
        scheme="310", kind="contribution", day="2026-03-05", amount=5, reference="S2", entered_by=accountant
    )
    alone = {"state": "posted", "decided_by": accountant}
    for changed in ({"amount": 6}, {"state": "posted"}, alone):
        with pytest.raises(DatabaseError), transaction.atomic():
            FundReceipt.objects.filter(pk=receipt.pk).update(**changed)
    with pytest.raises(DatabaseError), transaction.atomic():
        receipt.delete()
    bank, pool = (account_of(None, scheme="310", kind=kind) for kind in ("bank", "pool"))
    kind = TransferKind.CONTRIBUTION
    post([Move(debit=bank, credit=pool, amount=Decimal(5), kind=kind)], source=receipt)
    assert wrong() == [f"receipt {receipt.pk}: its voucher says otherwise"]
