"""The pages of the office: runs, rules, staff, schedule and audit; and what the pages of all rooms share."""

from office.admin import approvals, audit, comparison_page, documents, imports, rules, runs, schedule, staff

__all__ = [
    "approvals",
    "audit",
    "comparison_page",
    "documents",
    "imports",
    "rules",
    "runs",
    "schedule",
    "staff",
]
