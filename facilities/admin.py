"""Designated facilities with their agreements and stations."""

from django.contrib import admin
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.contrib.filters.admin import ChoicesDropdownFilter, RelatedDropdownFilter

from facilities.models import Agreement, Facility
from office.admin.panels import Panel, linked
from office.admin.records import RecordAdmin


@admin.register(Facility)
class FacilityAdmin(RecordAdmin):
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
    fields = [
        ("code", "name"),
        ("level", "kind"),
        ("county", "parent"),
        ("credit_code", "bank_holder"),
        ("bank_name", "bank_account"),
    ]
    panels = []
    counties = ("county",)


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
