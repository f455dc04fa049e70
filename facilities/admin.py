"""Designated facilities with their agreements and stations."""

from django import forms
from django.contrib import admin
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.contrib.filters.admin import ChoicesDropdownFilter, RelatedDropdownFilter
from unfold.widgets import UnfoldAdminTextInputWidget

from facilities.models import Agreement, Facility
from office.admin.panels import Panel, linked
from office.admin.protected import ProtectedNumbers, keep_unless_typed, typed_or_kept
from office.admin.records import RecordAdmin
from office.sealing import masked_account


class FacilityForm(forms.ModelForm):
    """A facility; its bank account is typed anew, never shown, and sealed for the code it has then."""

    bank_account = forms.CharField(
        label=gettext_lazy("bank account"), max_length=40, required=False, widget=UnfoldAdminTextInputWidget
    )

    class Meta:
        model = Facility
        fields = "__all__"

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.account = self.instance.bank_account
        if "bank_account" in self.fields:
            keep_unless_typed(self.fields["bank_account"], masked_account(self.account))

    def _post_clean(self):
        super()._post_clean()
        self.instance.pay_into(typed_or_kept(self.cleaned_data.get("bank_account", ""), self.account))


@admin.register(Facility)
class FacilityAdmin(ProtectedNumbers, RecordAdmin):
    form = FacilityForm
    show_permission = "facilities.show_facility"
    list_display = ["code", "name", "level", "kind", "county", "parent"]
    list_select_related = ["county", "parent"]
    list_filter = [
        ("level", ChoicesDropdownFilter),
        ("kind", ChoicesDropdownFilter),
        ("county", RelatedDropdownFilter),
    ]
    ordering = ["code"]
    sortable_by = ["code", "name", "level"]
    search_fields = ["code__istartswith", "name__contains"]
    search_help_text = gettext_lazy("Code or name of the facility")
    autocomplete_fields = ["parent"]
    readonly_fields = ["account_masked"]
    panels = []
    counties = ("county",)
    exported = (
        "code",
        "name",
        "level",
        "kind",
        "county",
        "parent__code",
        "parent__name",
        "credit_code",
        "bank_name",
        "bank_holder",
        "account_masked",
    )
    opened = {"account_masked": "bank_account"}
    palette_icon = "local_hospital"

    def get_fields(self, request, obj=None):
        may_change = obj is None or self.has_change_permission(request, obj)
        return [
            ("code", "name"),
            ("level", "kind"),
            ("county", "parent"),
            ("credit_code", "bank_holder"),
            ("bank_name", "bank_account" if may_change else "account_masked"),
        ]

    def in_brief(self, facility):
        return " · ".join(
            filter(None, (facility.get_level_display(), facility.county and facility.county.name))
        )

    def protected_numbers(self, facility):
        return [(_("bank account"), facility.bank_account, masked_account)]

    @admin.display(description=gettext_lazy("bank account"))
    def account_masked(self, facility):
        return masked_account(facility.bank_account) or "–"


def agreements(request, facility) -> Panel:
    """The facility's agreements, latest first."""
    link = None
    if request.user.has_perm("facilities.add_agreement"):
        link = (
            _("Add an agreement"),
            reverse("admin:facilities_agreement_add", query={"facility": facility.pk}),
        )
    return Panel(
        title=_("Agreements"),
        columns={_("Kind"): "text", _("First day"): "text", _("Last day"): "text", _("Number"): "text"},
        rows=[
            (
                linked(agreement, agreement.get_kind_display()),
                agreement.first_day,
                agreement.last_day,
                agreement.number,
            )
            for agreement in facility.agreements.order_by("-first_day", "kind")
        ],
        link=link,
    )


def stations(request, facility) -> Panel | None:
    """The village stations that count at this facility."""
    found = facility.stations.order_by("code")
    if not found:
        return None
    return Panel(
        title=_("Stations"),
        columns={_("Facility code"): "text", _("Name"): "text"},
        rows=[(linked(station, station.code), station.name) for station in found],
    )


FacilityAdmin.panels += [agreements, stations]


@admin.register(Agreement)
class AgreementAdmin(RecordAdmin):
    list_display = ["facility", "kind", "first_day", "last_day", "number"]
    exported = ("facility__code", "facility__name", "kind", "first_day", "last_day", "number")
    list_display_links = ["facility"]
    list_select_related = ["facility"]
    list_filter = [("kind", ChoicesDropdownFilter)]
    ordering = ["-first_day", "facility__code"]
    sortable_by = ()
    search_fields = ["facility__code__istartswith", "facility__name__contains", "number__istartswith"]
    search_help_text = gettext_lazy("Code or name of the facility, or number of the agreement")
    autocomplete_fields = ["facility"]
    counties = ("facility__county",)
    fields = ["facility", ("kind", "number"), ("first_day", "last_day")]
