"""The agency itself: its city and counties, its staff, the rules in force, its runs and its imports."""

from office.models.access import AccessRecord, Act
from office.models.agency import City, County, ExclusiveRoles, Origin, Scheme, Staff, WorkingDay
from office.models.comparison import Dimension, Excess, Measure, Threshold
from office.models.imports import ImportFile, ImportRow, ImportState, Outcome
from office.models.period import PeriodAct, PeriodEvent
from office.models.policy import PolicyEvent, PolicyState, PolicyVersion
from office.models.run import YEARLY_KINDS, Run, RunChunk, RunEvent, RunException, RunKindName, RunState

__all__ = [
    "YEARLY_KINDS",
    "AccessRecord",
    "Act",
    "City",
    "County",
    "Dimension",
    "Excess",
    "ExclusiveRoles",
    "ImportFile",
    "ImportRow",
    "ImportState",
    "Measure",
    "Origin",
    "Outcome",
    "PeriodAct",
    "PeriodEvent",
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
    "Threshold",
    "WorkingDay",
]
