"""The fund's sums: equal to the ledger whatever was posted and taken back, every kind on a line."""

from decimal import Decimal

import pytest

from accounts.models import Account, Transfer, TransferKind
from accounts.vouchers import Move, account_of, post, reversal_of
from monitoring import fund
from monitoring.models import FundSum
from tests.population import contract, insure, spend
from tests.population import fund as give

pytestmark = pytest.mark.django_db


def pooled(what: TransferKind, amount: str, *, to=None):
    """What came to the pool, or left it for somebody."""
    pool, bank = (account_of(None, scheme="310", kind=each) for each in ("pool", "bank"))
    if to:
        move = Move(
            debit=pool, credit=account_of(to, scheme="310", kind="payable"), amount=Decimal(amount), kind=what
        )
    else:
        move = Move(debit=bank, credit=pool, amount=Decimal(amount), kind=what)
    return post([move], source=Account.objects.get(pk=pool.pk))


def test_sums_equal_the_ledger_and_reversals_count_against_what_they_take_back():
    person, facility = insure(), contract(level="primary")
    give(person, "100.00")
    spend(person, "30.00")
    pooled(TransferKind.CONTRIBUTION, "1000.00")
    settled = pooled(TransferKind.SETTLEMENT, "200.00", to=facility)
    fund.refresh()
    taken = Transfer.objects.get(voucher_id=settled.pk)
    post([reversal_of(taken, scheme="310")], source=facility)
    pooled(TransferKind.SETTLEMENT, "50.00", to=facility)
    for _again in range(2):
        fund.refresh()
    rows = {
        (each.income, each.kind, each.level): (each.amount, each.transfers)
        for each in FundSum.objects.filter(fund="pool")
    }
    assert rows == {
        (True, "contribution", ""): (Decimal("1000.00"), 1),
        (False, "settlement", "primary"): (Decimal("50.00"), 3),
    }
    assert [fund.difference(fund=each, scheme="310") for each in ("pool", "person")] == [0, 0]
    month = settled.month
    assert fund.balance_through(month, fund="pool", scheme="310") == Decimal("950.00")
    assert fund.balance_through(month, fund="person", scheme="310") == Decimal("70.00")
    found = fund.amounts_of(fund="pool", scheme="310", year=month.year)
    assert {each.line for each in found} == {"保费收入", "就诊费用结算"}
    Account.objects.filter(kind="pool").update(balance=0)
    FundSum.objects.filter(fund="pool", income=True).update(amount=1)
    assert fund.difference(fund="pool", scheme="310") == Decimal("-999.00")


def test_every_kind_is_on_one_line_of_a_side_at_most():
    known = set(TransferKind.values)
    for each in ("pool", "person"):
        for income in (True, False):
            kinds = [kind for held in fund.lines_of(each, income=income).values() for kind in held]
            assert len(kinds) == len(set(kinds)) and set(kinds) <= known


@pytest.mark.parametrize(
    ("months", "last_same", "last_total", "expected"),
    [
        (3, "300", "1300", "1300.43"),  # 300.10 x 1300 / 300 = 1300.4333
        (3, "0", "0", "1200.40"),  # 300.10 x 12 / 3
        (0, "0", "0", None),
    ],
)
def test_the_forecast_goes_on_as_last_year_did(months, last_same, last_total, expected):
    found = fund.forecast(
        so_far=Decimal("300.10"), months=months, last_same=Decimal(last_same), last_total=Decimal(last_total)
    )
    assert found == (expected and Decimal(expected))
