"""What the made-up city's fund receives in a month: entered by one, agreed to by another."""

import random
from datetime import date
from decimal import Decimal

from accounts import fund_income
from accounts.models import FundReceipt, ReceiptKind
from monitoring import fund
from monitoring.demo_affairs import insured_on
from monitoring.models import FundBudget
from policies.month import Month

# Yuan for each insured person and month, by scheme.
A_PERSON = {
    "310": {ReceiptKind.CONTRIBUTION: 70},
    "390": {ReceiptKind.CONTRIBUTION: 33, ReceiptKind.SUBSIDY: 56},
}
INTEREST_MONTHS = (3, 6, 9, 12)
ROUND = 10_000


def receive(*, scheme: str, month: Month, seed: int, hands) -> None:
    """A month's contributions and subsidies, and the quarter's interest."""
    rng = random.Random(f"{seed} {month} fund {scheme}")
    people = insured_on(month.first_day, scheme=scheme).count()
    sums = {kind: people * yuan * rng.randint(960, 1040) for kind, yuan in A_PERSON[scheme].items()}
    if month.number in INTEREST_MONTHS:
        sums[ReceiptKind.FUND_INTEREST] = people * rng.randint(2000, 4000)
    for number, (kind, thousandths) in enumerate(sums.items(), start=1):
        receipt = FundReceipt.objects.create(
            scheme=scheme,
            kind=kind,
            day=date(month.year, month.number, 20),
            amount=Decimal(thousandths) / 1000,
            reference=f"{month.year}{month.number:02}{scheme}{number:03}",
            entered_by=hands["finance_accountant"],
        )
        fund_income.agree(receipt, by=hands["reviewer"])


def budget(*, scheme: str, year: int, months: int) -> None:
    """By what the year's `months` so far come to in a whole one; capitation will not do with its own."""
    found = fund.amounts_of(fund="pool", scheme=scheme, year=year)
    for income in (True, False):
        for line, key in fund.budgeted_lines(income=income).items():
            spent = sum(each.amount for each in found if (each.income, each.line) == (income, line))
            room = Decimal("0.92") if key == "capitation" else Decimal("1.03")
            amount = int(spent * room * 12 / months / ROUND) * ROUND
            if amount > 0:
                FundBudget.objects.create(
                    scheme=scheme, year=year, line=key, amount=amount, source=f"{year}年度基金收支预算"
                )
