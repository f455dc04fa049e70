"""The agency itself: its city and counties, its staff, the rules in force, its runs and its imports."""

from office.models.access import AccessRecord, Act
from office.models.agency import (
    City,
    County,
    DueDay,
    ExclusiveRoles,
    Origin,
    Scheme,
    Staff,
    WorkingDay,
    WorkStep,
)
from office.models.approval import ApprovalChain, Delegation, RunApproval, SeenRun
from office.models.comparison import Dimension, Excess, Measure, Threshold
from office.models.document import Document
from office.models.export import Export, ExportState
from office.models.history import History, HistoryHead, Operation, Overwritten
from office.models.imports import ImportFile, ImportRow, ImportState, Outcome
from office.models.period import PeriodAct, PeriodEvent
from office.models.policy import PolicyEvent, PolicyState, PolicyVersion
from office.models.run import (
    YEARLY_KINDS,
    Run,
    RunChunk,
    RunEvent,
    RunException,
    RunKindName,
    RunState,
    StepKind,
)
from office.models.saved_filter import SavedFilter
from office.models.sign_in import Authenticator, RecoveryCode, SignIn

__all__ = [
    "YEARLY_KINDS",
    "AccessRecord",
    "Act",
    "ApprovalChain",
    "Authenticator",
    "City",
    "County",
    "Delegation",
    "Dimension",
    "Document",
    "DueDay",
    "Excess",
    "ExclusiveRoles",
    "Export",
    "ExportState",
    "History",
    "HistoryHead",
    "ImportFile",
    "ImportRow",
    "ImportState",
    "Measure",
    "Operation",
    "Origin",
    "Outcome",
    "Overwritten",
    "PeriodAct",
    "PeriodEvent",
    "PolicyEvent",
    "PolicyState",
    "PolicyVersion",
    "RecoveryCode",
    "Run",
    "RunApproval",
    "RunChunk",
    "RunEvent",
    "RunException",
    "RunKindName",
    "RunState",
    "SavedFilter",
    "Scheme",
    "SeenRun",
    "SignIn",
    "Staff",
    "StepKind",
    "Threshold",
    "WorkStep",
    "WorkingDay",
]
