"""The agency itself: its city and counties, its staff, the rules in force, its runs and its imports."""

from office.models.access import AccessRecord, Act
from office.models.agency import City, County, ExclusiveRoles, Origin, Scheme, Staff, WorkingDay
from office.models.history import History, HistoryHead, Operation
from office.models.imports import ImportFile, ImportRow, ImportState, Outcome
from office.models.policy import PolicyEvent, PolicyState, PolicyVersion
from office.models.run import YEARLY_KINDS, Run, RunChunk, RunEvent, RunException, RunKindName, RunState

__all__ = [
    "YEARLY_KINDS",
    "AccessRecord",
    "Act",
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
    "Run",
    "RunChunk",
    "RunEvent",
    "RunException",
    "RunKindName",
    "RunState",
    "Scheme",
    "Staff",
    "WorkingDay",
]
