"""What a run's exceptions mean and what to do about them, by their code."""

from django.utils.translation import gettext_lazy as _

# code: (what it is, what to do)
EXPLANATIONS = {
    "died": (_("Died before the month"), _("Nothing is credited. End the spell if it is still open.")),
    "suspended": (
        _("No longer insured"),
        _("Insured until the month before and not in this one: nothing is credited."),
    ),
    "account_closed": (
        _("Account closed"),
        _("Nothing is posted on a closed account. Undo its closing first if it was a mistake."),
    ),
    "resettled": (
        _("Resettled elsewhere"),
        _("By the rules nobody is credited while resettled elsewhere. End the filing if the person is back."),
    ),
    "no_account": (
        _("Now without an account"),
        _("By the rules there is no personal account for what the person is insured as."),
    ),
    "status_changed": (
        _("Insured as something else"),
        _("Credited by the rule of the new status: look whether the change is right."),
    ),
    "base_changed": (
        _("Base far from last month's"),
        _("Credited by the new base: look whether it is right."),
    ),
    "not_insured": (
        _("Not insured in that month"),
        _("Enter the enrolment, then have the run computed again; or withdraw the month."),
    ),
    "credited_already": (_("Credited already"), _("The month is done: withdraw it.")),
    "not_at_once": (
        _("Not credited at once"),
        _("The rules know no such credit: what is paid late is settled by the adjustment run."),
    ),
    "not_in_force": (_("No rules are in force"), _("No rules are in force in that month: withdraw it.")),
    "no_base": (
        _("No monthly base"),
        _("Enter the base of the spell, then have the run sent back and computed again."),
    ),
    "no_retirement_group": (
        _("Retired from an unknown group"),
        _("Enter whether the person retired from an enterprise or an institution."),
    ),
    "parameter_missing": (
        _("A figure of the rules is missing"),
        _("The document leaves the figure out: the policy officer has to enter it."),
    ),
    "nothing_to_credit": (_("Nothing to credit"), _("The base is so low that the credit rounds to zero.")),
    "no_agreement": (
        _("Facility without an agreement"),
        _("The facility has no agreement for the time: enter it, or the people have to choose another."),
    ),
    "facility_closed": (
        _("Facility closed"),
        _("The people have to choose another facility; where it has a successor, that is named."),
    ),
    "died_before_january": (_("Died before January"), _("The selection ends with the year.")),
    "not_insured_in_january": (
        _("Not insured in January"),
        _("The selection ends with the year. Who is insured again chooses anew."),
    ),
    "chosen_already": (
        _("Has chosen for the new year"),
        _("The new choice holds; nothing is carried over."),
    ),
    "zero_quota": (
        _("Usage without a quota"),
        _("The facility had no heads in the year: look whether its usage or its selections are wrong."),
    ),
    "usage_missing": (
        _("No usage entered"),
        _("Enter the facility's actual usage of the year; without it the whole quota counts as surplus."),
    ),
    "month_without_usage": (
        _("Month without usage"),
        _("Enter the facility's usage of the month: it is cleared with the next clearing that finds it."),
    ),
    "usage_not_prepaid": (
        _("Usage without a prepayment"),
        _("Nothing was prepaid for the month, so nothing is cleared; the usage counts at the year end."),
    ),
    "month_not_cleared": (
        _("Month not cleared"),
        _("No usage came for the month: what was prepaid is settled here, and no deposit was held of it."),
    ),
    "not_assessed": (
        _("Deposit held: not assessed"),
        _("The facility has no assessment of the year that is signed off; the rest is paid."),
    ),
    "no_usage": (
        _("Usage entered as 0.00"),
        _("Look whether the facility really booked nothing in the year."),
    ),
}


def title_of(code: str):
    return EXPLANATIONS[code][0] if code in EXPLANATIONS else code


def advice_of(code: str):
    return EXPLANATIONS[code][1] if code in EXPLANATIONS else ""
