"""Facilities and what they are by month, the agreements under which the fund pays them, their assessments."""

from facilities.models.agreement import Agreement, AgreementKind, AgreementState, Suspension
from facilities.models.assessment import (
    Assessment,
    AssessmentGrade,
    AssessmentItem,
    AssessmentScore,
)
from facilities.models.facility import (
    BANK_ACCOUNT,
    Facility,
    FacilityKind,
    Level,
    Office,
    Placement,
    opened_account,
    sealed_account,
)

__all__ = [
    "BANK_ACCOUNT",
    "Agreement",
    "AgreementKind",
    "AgreementState",
    "Assessment",
    "AssessmentGrade",
    "AssessmentItem",
    "AssessmentScore",
    "Facility",
    "FacilityKind",
    "Level",
    "Office",
    "Placement",
    "Suspension",
    "opened_account",
    "sealed_account",
]
