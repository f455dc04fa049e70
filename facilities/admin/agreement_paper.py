"""The summary of a service agreement 定点服务协议 on paper: what is on record, with places for seals."""

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext

from facilities.admin.agreement_pages import AgreementAdmin
from facilities.models import Agreement, AgreementKind
from facilities.models.facility import FacilityKind, Level, Office
from office.kinds import Table
from office.papers import Paper, PaperKind
from office.sealing import masked_account


def agreement_summary(agreement: Agreement, part: str) -> Paper:
    """Parties, period, and the days on which it did not hold."""
    facility = agreement.facility
    ended = {}
    if agreement.ended_on:
        ended = {_("Ended early on"): agreement.ended_on, _("Reason"): agreement.end_reason}
    suspensions = [
        (str(each.first_day), str(each.lifted_on or ""), each.reason, each.lift_reason)
        for each in agreement.suspensions.order_by("first_day")
    ]
    columns = {
        _("Suspended from"): "text",
        _("In force again from"): "text",
        _("Reason"): "text",
        _("Reason for lifting it"): "text",
    }
    over = agreement.last_in_force < timezone.localdate()
    return Paper(
        title=_("Summary of the service agreement"),
        number=agreement.number or f"{facility.code}-{agreement.first_day:%Y%m%d}",
        about=str(AgreementKind(agreement.kind).label),
        facts={
            _("Facility"): facility.name,
            _("Facility code"): facility.code,
            _("Unified social credit code"): facility.credit_code,
            _("Level"): Level(facility.level),
            pgettext("facility", "Kind"): FacilityKind(facility.kind),
            _("County"): str(facility.county or ""),
            _("Responsible office"): Office(facility.office),
            _("Account holder"): facility.bank_holder,
            _("Bank account"): f"{facility.bank_name} {masked_account(facility.bank_account)}".strip(),
            _("First day"): agreement.first_day,
            _("Last day"): agreement.last_day,
            _("Signed on"): agreement.signed_on,
            **ended,
        },
        tables=[Table(title=_("Suspensions"), columns=columns, rows=suspensions)] if suspensions else [],
        seals=[_("Seal of the agency"), _("Seal of the facility")],
        void=_("No longer in force") if over else "",
    )


AGREEMENT = PaperKind(
    name="agreement",
    label=gettext_lazy("Print the summary"),
    paper=agreement_summary,
    open_to=lambda agreement: agreement.signed_on,
)

AgreementAdmin.papers = (AGREEMENT,)
