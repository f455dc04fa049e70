"""What is watched and tried out above the books: nothing here moves money."""

from monitoring.models.alert import ENDED, Alert, AlertVisit, CaseState, CaseStep
from monitoring.models.benefit_trial import BenefitTrial, BenefitTrialPart, TrialState
from monitoring.models.fund import Fund, FundBudget, FundCheck, FundSum
from monitoring.models.indicator import Against, Indicator, IndicatorLimit, IndicatorValue
from monitoring.models.rule import Rule, RuleSetting

__all__ = [
    "ENDED",
    "Against",
    "Alert",
    "AlertVisit",
    "BenefitTrial",
    "BenefitTrialPart",
    "CaseState",
    "CaseStep",
    "Fund",
    "FundBudget",
    "FundCheck",
    "FundSum",
    "Indicator",
    "IndicatorLimit",
    "IndicatorValue",
    "Rule",
    "RuleSetting",
    "TrialState",
]
