"""The pages of the ledger."""

from accounts.admin import accounts, uses, vouchers

__all__ = ["accounts", "uses", "vouchers"]
