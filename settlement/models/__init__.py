"""What settlement keeps: capitation of facilities, visits settled one by one, and what the bank pays out."""

from settlement.models.bank_file import BankFile, BankFileState
from settlement.models.capitation import (
    Clearing,
    FacilityUsage,
    Headcount,
    HeadcountLine,
    Prepayment,
    YearEnd,
    YearEndMonth,
)
from settlement.models.payment import (
    ORDER_ACCOUNT,
    OrderState,
    PayeeKind,
    PaymentItem,
    PaymentOrder,
    Source,
)
from settlement.models.visit import (
    Accumulator,
    Visit,
    VisitBatch,
    VisitBatchKind,
    VisitCategory,
    VisitChunk,
    VisitOutcome,
    VisitState,
)

__all__ = [
    "ORDER_ACCOUNT",
    "Accumulator",
    "BankFile",
    "BankFileState",
    "Clearing",
    "FacilityUsage",
    "Headcount",
    "HeadcountLine",
    "OrderState",
    "PayeeKind",
    "PaymentItem",
    "PaymentOrder",
    "Prepayment",
    "Source",
    "Visit",
    "VisitBatch",
    "VisitBatchKind",
    "VisitCategory",
    "VisitChunk",
    "VisitOutcome",
    "VisitState",
    "YearEnd",
    "YearEndMonth",
]
