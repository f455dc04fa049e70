"""What facilities used in a month or year, entered by hand or imported; their prepayments and clearings."""

from django import forms
from django.contrib import admin
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.contrib.filters.admin import ChoicesDropdownFilter, FieldTextFilter

from facilities.admin import FacilityAdmin
from office.admin.panels import Panel, badged, linked
from office.admin.records import RecordAdmin
from office.templatetags.figures import yuan
from settlement.models import Clearing, FacilityUsage, Prepayment, YearEndDeduction
from settlement.usage import demand_open_year, demand_unsettled

MONTHS_SHOWN = 24


class UsageForm(forms.ModelForm):
    """Usage that no booked run rests on."""

    class Meta:
        model = FacilityUsage
        fields = ["facility", "scheme", "year", "month", "actual"]

    def clean(self):
        data = super().clean()
        if not self.errors and self.has_changed():
            given = FacilityUsage(**{name: data[name] for name in self.Meta.fields})
            for usage in filter(None, (FacilityUsage.objects.filter(pk=self.instance.pk).first(), given)):
                demand_unsettled(usage)
        return data


@admin.register(FacilityUsage)
class FacilityUsageAdmin(RecordAdmin):
    empty_note = gettext_lazy("What a facility really used in a year comes with a file, or is entered here.")
    form = UsageForm
    list_display = ["facility", "scheme", "year", "month_shown", "yuan"]
    exported = ("facility__code", "facility__name", "scheme", "year", "month", "actual")
    list_display_links = ["facility"]
    list_select_related = ["facility"]
    list_filter = [("scheme", ChoicesDropdownFilter), ("year", FieldTextFilter)]
    ordering = ["-year", "facility__code", "month"]
    sortable_by = ()
    search_fields = ["facility__code__istartswith", "facility__name__contains"]
    search_help_text = gettext_lazy("Code or name of the facility")
    autocomplete_fields = ["facility"]
    counties = ("facility__county",)
    fields = ["facility", ("scheme", "year", "month"), "actual"]

    @admin.display(description=gettext_lazy("month"))
    def month_shown(self, usage):
        return str(usage.month) if usage.month else _("whole year")

    @admin.display(description=gettext_lazy("actual usage"))
    def yuan(self, usage):
        return yuan(usage.actual)


class DeductionForm(forms.ModelForm):
    """A deduction from a year that no booked run has settled."""

    class Meta:
        model = YearEndDeduction
        fields = ["facility", "scheme", "year", "kind", "amount", "reason"]

    def clean(self):
        data = super().clean()
        if not self.errors and self.has_changed():
            given = YearEndDeduction(**{name: data[name] for name in self.Meta.fields})
            for each in filter(None, (YearEndDeduction.objects.filter(pk=self.instance.pk).first(), given)):
                demand_open_year(each)
        return data


@admin.register(YearEndDeduction)
class YearEndDeductionAdmin(RecordAdmin):
    empty_note = gettext_lazy(
        "What is deducted from a facility at the year's end is entered here before its run."
    )
    form = DeductionForm
    list_display = ["facility", "scheme", "year", "kind", "yuan", "reason"]
    exported = ("facility__code", "facility__name", "scheme", "year", "kind", "amount", "reason")
    list_display_links = ["facility"]
    list_select_related = ["facility"]
    list_filter = [("scheme", ChoicesDropdownFilter), ("year", FieldTextFilter)]
    ordering = ["-year", "facility__code", "id"]
    sortable_by = ()
    search_fields = ["facility__code__istartswith", "facility__name__contains"]
    search_help_text = gettext_lazy("Code or name of the facility")
    autocomplete_fields = ["facility"]
    counties = ("facility__county",)
    fields = ["facility", ("scheme", "year"), ("kind", "amount"), "reason"]

    @admin.display(description=gettext_lazy("amount"))
    def yuan(self, deduction):
        return yuan(deduction.amount)


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


def clearings(request, facility) -> Panel | None:
    """The facility's cleared months, latest first; none where the rules clear none."""
    lines = Clearing.objects.filter(facility=facility).select_related("run").order_by("-month", "-run")
    if not lines:
        return None
    return Panel(
        title=_("Monthly clearings"),
        columns={
            _("Month"): "text",
            _("Entitled in advance"): "money",
            _("Actual usage"): "money",
            _("Cleared"): "money",
            _("Deposit"): "money",
            _("Payable after the deposit"): "money",
            _("Carried forward"): "money",
            _("Run"): "text",
            _("State"): "text",
        },
        rows=[
            (
                str(line.month),
                line.entitlement,
                line.actual,
                line.cleared,
                line.deposit,
                line.payable,
                line.carry,
                linked(line.run, f"#{line.run_id}"),
                badged(line.run),
            )
            for line in lines[:MONTHS_SHOWN]
        ],
    )


FacilityAdmin.panels += [prepayments, clearings]
