"""What facilities used in a year, entered by hand or imported; their prepayments and year ends."""

from django.contrib import admin
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.contrib.filters.admin import ChoicesDropdownFilter, FieldTextFilter

from facilities.admin import FacilityAdmin
from office.admin.panels import Panel, badged, linked
from office.admin.records import RecordAdmin
from office.templatetags.figures import yuan
from settlement.models import FacilityUsage, Prepayment, YearEnd

MONTHS_SHOWN = 24


@admin.register(FacilityUsage)
class FacilityUsageAdmin(RecordAdmin):
    list_display = ["facility", "scheme", "year", "yuan"]
    exported = ("facility__code", "facility__name", "scheme", "year", "actual")
    list_display_links = ["facility"]
    list_select_related = ["facility"]
    list_filter = [("scheme", ChoicesDropdownFilter), ("year", FieldTextFilter)]
    ordering = ["-year", "facility__code"]
    sortable_by = ()
    search_fields = ["facility__code__istartswith", "facility__name__contains"]
    search_help_text = gettext_lazy("Code or name of the facility")
    autocomplete_fields = ["facility"]
    counties = ("facility__county",)
    fields = ["facility", ("scheme", "year"), "actual"]

    @admin.display(description=gettext_lazy("actual usage"))
    def yuan(self, usage):
        return yuan(usage.actual)


def prepayments(request, facility) -> Panel:
    """The facility's prepayments by month, latest first."""
    lines = (
        Prepayment.objects.filter(facility=facility).select_related("run").order_by("-run__period", "-run")
    )
    return Panel(
        title=_("Prepayments by month"),
        columns={
            _("Month"): "text",
            _("Heads"): "integer",
            _("Rate"): "money",
            _("Share (%)"): "money",
            _("Due this month"): "money",
            _("Brought forward"): "money",
            _("Paid this month"): "money",
            _("Run"): "text",
            _("State"): "text",
        },
        rows=[
            (
                line.run.period_label,
                line.heads,
                line.rate,
                line.share,
                line.entitlement,
                -line.offset,
                line.amount,
                linked(line.run, f"#{line.run_id}"),
                badged(line.run),
            )
            for line in lines[:MONTHS_SHOWN]
        ],
    )


def year_ends(request, facility) -> Panel:
    """The facility's year ends, latest first."""
    lines = YearEnd.objects.filter(facility=facility).select_related("run").order_by("-run__period", "-run")
    return Panel(
        title=_("Year ends"),
        columns={
            _("Year"): "text",
            _("Person-months"): "integer",
            _("Quota"): "money",
            _("Actual usage"): "money",
            _("Usage rate"): "percent",
            _("Surplus"): "money",
            _("Facility's share"): "money",
            _("Payable"): "money",
            _("Prepaid"): "money",
            _("Due"): "money",
            _("State"): "text",
        },
        rows=[
            (
                linked(line.run, line.run.period_label),
                line.person_months,
                line.quota,
                line.actual,
                line.actual / line.quota if line.quota else None,
                line.surplus,
                line.facility_share,
                line.payable,
                line.prepaid,
                line.due,
                badged(line.run),
            )
            for line in lines
        ],
    )


FacilityAdmin.panels += [prepayments, year_ends]
