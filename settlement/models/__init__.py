"""What settlement keeps: capitation, visits and statements of them, recoveries, what the bank pays out."""

from settlement.models.bank_file import BankFile, BankFileState
from settlement.models.capitation import (
    Clearing,
    DepositRelease,
    FacilityUsage,
    Headcount,
    HeadcountLine,
    Prepayment,
    YearEnd,
    YearEndDeduction,
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
from settlement.models.statement import (
    Deduction,
    DeductionKind,
    Statement,
    StatementApproval,
    StatementLine,
    StatementState,
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
from settlement.models.visit_recovery import Debtor, VisitRecovery, VisitRecoveryState

__all__ = [
    "ORDER_ACCOUNT",
    "Accumulator",
    "BankFile",
    "BankFileState",
    "Clearing",
    "Debtor",
    "Deduction",
    "DeductionKind",
    "DepositRelease",
    "FacilityUsage",
    "Headcount",
    "HeadcountLine",
    "OrderState",
    "PayeeKind",
    "PaymentItem",
    "PaymentOrder",
    "Prepayment",
    "Source",
    "Statement",
    "StatementApproval",
    "StatementLine",
    "StatementState",
    "Visit",
    "VisitBatch",
    "VisitBatchKind",
    "VisitCategory",
    "VisitChunk",
    "VisitOutcome",
    "VisitRecovery",
    "VisitRecoveryState",
    "VisitState",
    "YearEnd",
    "YearEndDeduction",
    "YearEndMonth",
]
