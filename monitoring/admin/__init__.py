"""The pages of monitoring. The panels they add to a facility's page stand in the order of these imports."""

from monitoring.admin import alerts  # isort: skip
from monitoring.admin import indicators  # isort: skip
from monitoring.admin import rules  # isort: skip
from monitoring.admin import benefit_trials  # isort: skip
from monitoring.admin import fund_budgets  # isort: skip

__all__ = ["alerts", "benefit_trials", "fund_budgets", "indicators", "rules"]
