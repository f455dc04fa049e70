"""The pages of settlement. The panels they add to a facility's page stand in the order of these imports."""

from settlement.admin import headcounts  # isort: skip
from settlement.admin import capitation  # isort: skip
from settlement.admin import visits  # isort: skip
from settlement.admin import visit_batches  # isort: skip
from settlement.admin import reconciliations  # isort: skip
from settlement.admin import differences  # isort: skip
from settlement.admin import statements  # isort: skip
from settlement.admin import filing  # isort: skip
from settlement.admin import visit_recoveries  # isort: skip
from settlement.admin import payment_orders  # isort: skip
from settlement.admin import bank_files  # isort: skip
from settlement.admin import claims  # isort: skip
from settlement.admin import year_ends  # isort: skip
from settlement import waiting_claims, waiting_differences, waiting_payments, waiting_statements

__all__ = [
    "bank_files",
    "capitation",
    "claims",
    "differences",
    "filing",
    "headcounts",
    "payment_orders",
    "reconciliations",
    "statements",
    "visit_batches",
    "visit_recoveries",
    "visits",
    "waiting_claims",
    "waiting_differences",
    "waiting_payments",
    "waiting_statements",
    "year_ends",
]
