"""The pages of the office: runs, rules, staff, schedule and audit; and what the pages of all rooms share."""

from office.admin import audit, imports, rules, runs, schedule, staff

__all__ = ["audit", "imports", "rules", "runs", "schedule", "staff"]
