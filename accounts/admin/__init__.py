"""The pages of the ledger."""

from accounts.admin import (
    accounts,
    applications,
    lump_credits,
    proof,
    receivables,
    statement_page,
    uses,
    vouchers,
)

__all__ = [
    "accounts",
    "applications",
    "lump_credits",
    "proof",
    "receivables",
    "statement_page",
    "uses",
    "vouchers",
]
