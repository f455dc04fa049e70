"""Insured people: who they are, when and as what, which facility they chose, what else they may ask."""

from insured.models.enrolment import Enrolment, RetirementGroup, Status, month_range
from insured.models.entitlement import CertifiedDisease, FamilyLink, Filing, Referral, Relation
from insured.models.person import DocumentType, Employer, Person, Sex
from insured.models.person_change import ENDINGS, ExactNumbers, PersonChange, PersonChangeKind
from insured.models.selection import ProposedSelection, Selection, SelectionKind, Slot

__all__ = [
    "ENDINGS",
    "CertifiedDisease",
    "DocumentType",
    "Employer",
    "Enrolment",
    "ExactNumbers",
    "FamilyLink",
    "Filing",
    "Person",
    "PersonChange",
    "PersonChangeKind",
    "ProposedSelection",
    "Referral",
    "Relation",
    "RetirementGroup",
    "Selection",
    "SelectionKind",
    "Sex",
    "Slot",
    "Status",
    "month_range",
]
