"""The fund's picture is for those who answer for it; who works for a county sees what is the county's."""

import io
from decimal import Decimal

import openpyxl
import pytest
from django.test import Client

from accounts.models import TransferKind
from accounts.vouchers import Move, account_of, post
from monitoring import fund
from monitoring.models import FundSum
from tests.population import contract, member

pytestmark = pytest.mark.django_db


def test_the_fund_is_looked_at_and_agrees_with_the_ledger(sign_in, staff):
    facility = contract(level="primary")
    bank, pool = (account_of(None, scheme="310", kind=each) for each in ("bank", "pool"))
    payable = account_of(facility, scheme="310", kind="payable")
    moves = [
        Move(debit=bank, credit=pool, amount=Decimal("54321.00"), kind=TransferKind.CONTRIBUTION),
        Move(debit=pool, credit=payable, amount=Decimal("321.00"), kind=TransferKind.SETTLEMENT),
    ]
    voucher = post(moves, source=facility)
    address = f"/fund/?scheme=310&year={voucher.month.year}"
    reviewer = sign_in("reviewer")
    assert "54,321.00" not in reviewer.get(address).content.decode()
    fund.refresh()
    page = reviewer.get(address).content.decode()
    assert "与账簿核对一致" in page and "54,000.00" in page and "保费收入" in page
    book = openpyxl.load_workbook(
        io.BytesIO(b"".join(reviewer.get(f"{address}&as=xlsx").streaming_content)), read_only=True
    )
    assert len(book.worksheets) == 4

    county = Client()
    county.force_login(member("reviewer", "county-reviewer", counties=(facility.county.code,)))
    page = county.get(address).content.decode()
    assert "321.00" in page and "54,321.00" not in page and "54,000.00" not in page
    assert sign_in("clerk").get(address).status_code == 403

    FundSum.objects.filter(kind="contribution").update(amount="54320.00", kind="moving")
    page = reviewer.get(address).content.decode()
    assert "汇总与账簿相差-1.00元" in page and "未归入任何科目" in page
