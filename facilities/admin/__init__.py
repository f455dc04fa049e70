"""The pages of facilities, their agreements and their assessments."""

from facilities.admin import agreement_pages, agreement_paper, assessment_pages
from facilities.admin.facility_pages import CONCERNED_BY_CLOSING, FacilityAdmin

__all__ = ["CONCERNED_BY_CLOSING", "FacilityAdmin", "agreement_pages", "agreement_paper", "assessment_pages"]
