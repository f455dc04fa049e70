"""The pages of the office: runs, rules, staff and schedule; and what the pages of all rooms share."""

from office.admin import comparison_page, imports, rules, runs, schedule, staff

__all__ = ["comparison_page", "imports", "rules", "runs", "schedule", "staff"]
