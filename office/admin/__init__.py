"""The pages of the office: runs, rules, staff, schedule and audit; and what the pages of all rooms share."""

from office.admin import audit, comparison_page, imports, rules, runs, schedule, staff

__all__ = ["audit", "comparison_page", "imports", "rules", "runs", "schedule", "staff"]
