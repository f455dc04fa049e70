"""The names of a pack's values, and the words in its figures, as people read them."""

from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

SECTIONS = {
    "benefits": _("Benefits"),
    "selection": _("Selection of facilities"),
    "accounts": _("Personal accounts"),
    "capitation": _("Capitation"),
    "management": _("Management"),
}

NAMES = {
    "outpatient_rate": _("Payment rate"),
    "visit_limit": _("Limit per visit"),
    "visit_deductible": _("Deductible per visit"),
    "annual_limit": _("Annual limit"),
    "annual_limit_total": _("Annual limit, total"),
    "annual_limit_out_of_city": _("Annual limit outside the city"),
    "annual_deductible": _("Annual deductible"),
    "basic_annual_limit": _("Annual limit of basic insurance"),
    "combined_annual_limit": _("Combined annual limit"),
    "outpatient_limit": _("Annual outpatient limit"),
    "chronic_deductible": _("Chronic diseases: deductible"),
    "chronic_rate": _("Chronic diseases: rate"),
    "chronic_limit": _("Chronic diseases: limit"),
    "chronic_limit_of_disease": _("Chronic diseases: limit by disease"),
    "chronic_limit_further": _("Chronic diseases: for each further disease"),
    "chronic_limit_most": _("Chronic diseases: highest limit"),
    "chronic_terms": _("Chronic diseases: terms"),
    "special_deductible": _("Special diseases: deductible"),
    "special_rate_of_disease": _("Special diseases: rate by disease"),
    "drug_deductible": _("Negotiated drugs: deductible"),
    "inpatient_deductible": _("Inpatient deductible"),
    "inpatient_rate": _("Inpatient rate"),
    "inpatient_limit": _("Inpatient limit"),
    "consultation_fee_cap": _("General consultation fee: cap"),
    "consultation_fee_rate": _("General consultation fee: rate"),
    "newborn_enrolment_months": _("Newborns: months to enrol"),
    "age_on": _("Age counted on"),
    "selection_months": _("A selection holds for"),
    "selection_window": _("Months of choosing for the next year"),
    "selection_carries_over": _("Selections carry over"),
    "credit_rate": _("Credit rate"),
    "retired_monthly_credit": _("Retirees' monthly credit"),
    "retired_credit_rate": _("Retirees' credit rate"),
    "credits_stop_when_resettled": _("Credits stop when resettled elsewhere"),
    "interest_rate": _("Interest rate of personal accounts"),
    "interest_rate_carried_over": _("Interest rate of money carried over"),
    "spending_takes_first": _("Spending takes first"),
    "funding": _("Funding"),
    "quota_rate": _("Capitation rate per person and year"),
    "prepay_share": _("Prepaid share of the quota"),
    "usage_threshold": _("Usage threshold"),
    "surplus_share_from_threshold": _("Facility's share of the surplus from the threshold on"),
    "surplus_share_below": _("Facility's share of the surplus below the threshold"),
    "deposit_rate": _("Quality deposit"),
    "deposit_return_scale": _("Deposit returned by score"),
    "settlement_mode": _("Way of paying facilities"),
    "out_of_area_mode": _("Way of paying outside the area"),
    "settled_by_city_levels": _("Levels settled by the city"),
    "agreement_months": _("An agreement holds for"),
    "essential_medicine_share": _("Share of essential medicines"),
    "family_account_order": _("Order of family accounts"),
    "manual_claim_documents": _("Documents of a claim on paper"),
    "manual_claim_reasons": _("Reasons of a claim on paper"),
    "manual_claim_deadline": _("Last day of claims on paper"),
    "newborn_claim_last_days": _("Newborns: last day of claims"),
    "report_day": _("Day of reports"),
}

WORDS = {
    "active": pgettext_lazy("insured", "active"),
    "retired": _("retired"),
    "flexible": _("flexible"),
    "primary": _("primary"),
    "secondary": _("secondary"),
    "tertiary": _("tertiary"),
    "village_station": _("village station"),
    "other": _("other"),
    "enterprise": _("enterprise"),
    "institution": _("institution"),
    "capitation": _("capitation"),
    "fee_for_service": _("fee for service"),
    "visit_date": _("day of the visit"),
    "uremia": _("uremia"),
    "psychosis": _("psychosis"),
    "severe_psychosis": _("severe psychosis"),
    "own": _("own account"),
    "grantor": _("the grantor's account"),
    "carried_over": _("money carried over"),
    "current_year": _("money of the year"),
    "credential": _("credential"),
    "prescription": _("prescription"),
    "invoice": _("invoice"),
    "original_receipt": _("original receipt"),
    "itemised_list": _("itemised list"),
    "out_of_area": _("visit out of the area"),
    "emergency": _("emergency"),
    "referred": _("referred elsewhere"),
    "newborn": _("newborn before enrolment"),
    "system_failure": _("could not be settled on line"),
}

# What is credited for several months at once (`policies.sections.AT_ONCE`).
AT_ONCE = {
    "prepaid": _("Contributions paid ahead"),
    "back_paid": _("Contributions paid late"),
    "supplement": _("The employer's supplementary share, by a file"),
}

CATEGORIES = {
    "outpatient": _("outpatient visit"),
    "emergency": _("emergency"),
    "chronic": _("chronic disease"),
    "special": _("special disease"),
    "negotiated_drug": _("negotiated drug"),
    "day_surgery": _("day surgery"),
}

# What each rule of choosing a facility says (`policies.sections.SELECTION_RULES`).
CHOOSING = {
    "once": _("One facility is chosen for a year; the choice may be made anew until it begins."),
    "place": _("Where it may lie, and of which level"),
    "change": _("It is changed for a reason."),
    "takes_effect": _("A change holds from the month after it is asked for."),
    "referral": _("Only the selected facility refers elsewhere."),
}

UNITS = {"percent": "%", "yuan": _("yuan"), "months": _("months")}
