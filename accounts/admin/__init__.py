"""The pages of the ledger."""

from accounts.admin import (
    account_paper,
    accounts,
    applications,
    fund_receipts,
    lump_credits,
    proof,
    receivables,
    statement_page,
    uses,
    vouchers,
)

from accounts import waiting_receipts  # isort: skip

__all__ = [
    "account_paper",
    "accounts",
    "applications",
    "fund_receipts",
    "lump_credits",
    "proof",
    "receivables",
    "statement_page",
    "uses",
    "vouchers",
    "waiting_receipts",
]
