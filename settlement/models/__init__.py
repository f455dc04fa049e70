"""What is stored of settlement: heads, prepayments and year ends, and what the bank pays out for them."""

from settlement.models.bank_file import BankFile, BankFileState
from settlement.models.capitation import FacilityUsage, Headcount, HeadcountLine, Prepayment, YearEnd
from settlement.models.payment import (
    ORDER_ACCOUNT,
    OrderState,
    PayeeKind,
    PaymentItem,
    PaymentOrder,
    Source,
)

__all__ = [
    "ORDER_ACCOUNT",
    "BankFile",
    "BankFileState",
    "FacilityUsage",
    "Headcount",
    "HeadcountLine",
    "OrderState",
    "PayeeKind",
    "PaymentItem",
    "PaymentOrder",
    "Prepayment",
    "Source",
    "YearEnd",
]
