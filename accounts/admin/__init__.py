"""The pages of the ledger."""

from accounts.admin import accounts, applications, lump_credits, proof, statement_page, vouchers

__all__ = ["accounts", "applications", "lump_credits", "proof", "statement_page", "vouchers"]
