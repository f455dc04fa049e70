"""The pages of the ledger."""

from accounts.admin import accounts, receivables, uses, vouchers

__all__ = ["accounts", "receivables", "uses", "vouchers"]
