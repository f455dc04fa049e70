"""The agency itself: its city and counties, its staff, the rules in force, its runs and its imports."""

from office.models.access import AccessRecord, Act
from office.models.agency import City, County, ExclusiveRoles, Origin, Scheme, Staff, WorkingDay
from office.models.approval import ApprovalChain, Delegation, RunApproval, SeenRun
from office.models.imports import ImportFile, ImportRow, ImportState, Outcome
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

__all__ = [
    "YEARLY_KINDS",
    "AccessRecord",
    "Act",
    "ApprovalChain",
    "City",
    "County",
    "Delegation",
    "ExclusiveRoles",
    "ImportFile",
    "ImportRow",
    "ImportState",
    "Origin",
    "Outcome",
    "PolicyEvent",
    "PolicyState",
    "PolicyVersion",
    "Run",
    "RunApproval",
    "RunChunk",
    "RunEvent",
    "RunException",
    "RunKindName",
    "RunState",
    "Scheme",
    "SeenRun",
    "Staff",
    "StepKind",
    "WorkingDay",
]
