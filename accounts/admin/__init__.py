"""The pages of the ledger."""

from accounts.admin import accounts, applications, lump_credits, vouchers

__all__ = ["accounts", "applications", "lump_credits", "vouchers"]
