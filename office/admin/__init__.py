"""The pages of the office: runs, rules, staff and schedule; and what the pages of all rooms share."""

from office.admin import approvals, imports, rules, runs, schedule, staff

__all__ = ["approvals", "imports", "rules", "runs", "schedule", "staff"]
