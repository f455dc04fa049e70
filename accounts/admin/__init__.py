"""The pages of the ledger."""

from accounts.admin import accounts, vouchers

__all__ = ["accounts", "vouchers"]
