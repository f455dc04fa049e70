"""The agency itself: its city and counties, its staff, the rules in force, its runs and its imports."""

from office.models.access import AccessRecord, Act
from office.models.agency import City, County, ExclusiveRoles, Origin, Scheme, Staff, WorkingDay
from office.models.history import History, HistoryHead, Operation
from office.models.imports import ImportFile, ImportRow, ImportState, Outcome
from office.models.policy import PolicyEvent, PolicyState, PolicyVersion
from office.models.run import YEARLY_KINDS, Run, RunChunk, RunEvent, RunException, RunKindName, RunState
from office.models.sign_in import Authenticator, RecoveryCode, SignIn

__all__ = [
    "YEARLY_KINDS",
    "AccessRecord",
    "Act",
    "Authenticator",
    "City",
    "County",
    "ExclusiveRoles",
    "History",
    "HistoryHead",
    "ImportFile",
    "ImportRow",
    "ImportState",
    "Operation",
    "Origin",
    "Outcome",
    "PolicyEvent",
    "PolicyState",
    "PolicyVersion",
    "RecoveryCode",
    "Run",
    "RunChunk",
    "RunEvent",
    "RunException",
    "RunKindName",
    "RunState",
    "Scheme",
    "SignIn",
    "Staff",
    "WorkingDay",
]
