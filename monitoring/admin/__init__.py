"""The pages of monitoring."""

from monitoring.admin import benefit_trials

__all__ = ["benefit_trials"]
