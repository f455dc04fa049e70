"""The fund's picture is for those who answer for it; who works for a county sees what is the county's."""

import io
from decimal import Decimal

import openpyxl
import pytest
from django.test import Client

from accounts.models import FundReceipt, TransferKind
from accounts.vouchers import Move, account_of, post
from monitoring import fund
from monitoring.models import FundBudget, FundSum
from office.models import History
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
    assert f"{facility.county.code} {facility.county.name}" in [row[0] for row in book["按区县"].values]
    officer = sign_in("policy_officer").get(address).content.decode()
    assert "/accounts/account/" in page and "/income/" in page
    assert "/accounts/account/" not in officer and "/income/" not in officer

    county = Client()
    county.force_login(member("reviewer", "county-reviewer", counties=(facility.county.code,)))
    page = county.get(address).content.decode()
    assert "321.00" in page and "54,321.00" not in page and "54,000.00" not in page
    assert sign_in("clerk").get(address).status_code == 403

    FundSum.objects.filter(kind="contribution").update(amount="54320.00", kind="moving")
    page = reviewer.get(address).content.decode()
    assert "汇总与账簿相差-1.00元" in page and "未归入任何科目" in page


def test_a_budget_is_entered_burnt_and_stays_once_its_year_is_over(sign_in, staff):
    facility = contract(level="primary")
    pool = account_of(None, scheme="310", kind="pool")
    payable = account_of(facility, scheme="310", kind="payable")
    spent = Move(debit=pool, credit=payable, amount=Decimal("250.00"), kind=TransferKind.SETTLEMENT)
    year = post([spent], source=facility).month.year
    fund.refresh()
    accountant = sign_in("finance_accountant")
    entered = {"scheme": "310", "year": year, "line": "visits", "amount": "1000.00", "source": "预算批复1号"}
    add = "/monitoring/fundbudget/add/"
    assert "该年度已结束" in accountant.post(add, entered | {"year": year - 1}).content.decode()
    assert accountant.post(add, entered).status_code == 302
    assert "已有预算" in accountant.post(add, entered).content.decode()
    budget = FundBudget.objects.get()
    page = sign_in("reviewer").get(f"/fund/?scheme=310&year={year}").content.decode()
    assert "25.00%" in page and "1,000.00" in page and "预算执行" in page
    change = f"/monitoring/fundbudget/{budget.pk}/change/"
    assert accountant.post(change, {"amount": "500.00", "source": "预算调整2号"}).status_code == 302
    budget.refresh_from_db()
    assert budget.amount == Decimal("500.00")
    assert History.objects.filter(model="monitoring.fundbudget").count() == 2

    FundBudget.objects.update(year=year - 1)
    assert accountant.post(change, {"amount": "9.00", "source": "x"}).status_code == 403
    assert sign_in("clerk").get("/monitoring/fundbudget/").status_code == 403


def test_a_proposed_receipt_waits_for_the_reviewer(sign_in, staff):
    entered = {"scheme": "310", "kind": "contribution", "day": "2026-03-05", "amount": 5}
    for number in (1, 2):
        FundReceipt.objects.create(**entered, reference=f"S{number}", entered_by=staff["finance_accountant"])
    assert "2 笔基金收款" in sign_in("reviewer").get("/waiting/").content.decode()
    first, _second = FundReceipt.objects.order_by("-id")
    page = sign_in("reviewer").get(f"/accounts/fundreceipt/{first.pk}/change/").content.decode()
    assert "待办第 1 / 2 件" in page
    assert "/office/staff/" not in page  # a colleague's name leads nowhere
    assert "笔基金收款" not in sign_in("clerk").get("/waiting/").content.decode()
