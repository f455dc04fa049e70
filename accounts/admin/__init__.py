"""The pages of the ledger."""

from accounts.admin import accounts, lump_credits, proof, statement_page, vouchers

__all__ = ["accounts", "lump_credits", "proof", "statement_page", "vouchers"]
