"""What is watched and tried out above the books: nothing here moves money."""

from monitoring.models.benefit_trial import BenefitTrial, BenefitTrialPart, TrialState

__all__ = ["BenefitTrial", "BenefitTrialPart", "TrialState"]
