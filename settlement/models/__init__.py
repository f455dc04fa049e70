"""What settlement keeps: capitation of facilities, and the visits that are settled one by one."""

from settlement.models.capitation import (
    FacilityUsage,
    Headcount,
    HeadcountLine,
    Prepayment,
    YearEnd,
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
    "Accumulator",
    "FacilityUsage",
    "Headcount",
    "HeadcountLine",
    "Prepayment",
    "Visit",
    "VisitBatch",
    "VisitBatchKind",
    "VisitCategory",
    "VisitChunk",
    "VisitOutcome",
    "VisitState",
    "YearEnd",
]
