"""Indicators: the list of figures beside what they are held against, and a facility's last year."""

from django.contrib import admin
from django.db.models import Exists, F, OuterRef
from django.db.models.fields.json import KT
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.contrib.filters.admin import ChoicesDropdownFilter, FieldTextFilter, RelatedDropdownFilter

from facilities.admin import FacilityAdmin
from monitoring.admin.words import growth, value_of
from monitoring.models import Alert, Indicator, IndicatorValue, Rule
from office.admin.panels import Panel
from office.admin.records import ReadOnlyAdmin
from office.templatetags.figures import badge

MONTHS_SHOWN = 13


@admin.register(IndicatorValue)
class IndicatorValueAdmin(ReadOnlyAdmin):
    empty_note = gettext_lazy("Indicators are worked out for each facility after the month.")
    list_display = [
        "facility_name", "month", "level", "indicator", "value_shown", "by_month", "by_year", "median_shown",
        "by_median", "standing",
    ]  # fmt: skip
    list_display_links = None
    list_select_related = ["facility"]
    list_filter = [
        ("indicator", ChoicesDropdownFilter),
        ("month", FieldTextFilter),
        ("level", ChoicesDropdownFilter),
        ("facility__county", RelatedDropdownFilter),
    ]
    search_fields = ["facility__code__istartswith", "facility__name__contains"]
    search_help_text = gettext_lazy("Code or name of the facility")
    ordering = ["-month", "indicator", F("value").desc(nulls_last=True), "facility__code"]
    sortable_by = ("facility_name", "month", "value_shown", "median_shown")
    counties = ("facility__county",)
    exported = (
        "facility__code", "facility__name", "month", "level", "indicator", "value_shown", "by_month",
        "by_year", "median_shown", "by_median", "standing",
    )  # fmt: skip
    fields = ["facility", "month", "indicator", "value_shown", "median_shown"]
    readonly_fields = ["value_shown", "median_shown"]
    panels = []

    def get_queryset(self, request):
        beyond = Alert.objects.annotate(which=KT("found__indicator")).filter(
            rule=Rule.INDICATOR,
            facility=OuterRef("facility"),
            month=OuterRef("month"),
            which=OuterRef("indicator"),
        )
        return super().get_queryset(request).compared().annotate(beyond=Exists(beyond))

    @admin.display(description=gettext_lazy("facility"), ordering="facility__code")
    def facility_name(self, shown):
        return shown.facility.name

    @admin.display(description=gettext_lazy("value"), ordering=F("value").asc(nulls_first=True))
    def value_shown(self, shown):
        return value_of(shown.indicator, shown.value)

    @admin.display(description=gettext_lazy("against the month before"))
    def by_month(self, shown):
        return growth(shown.value, shown.before)

    @admin.display(description=gettext_lazy("against a year ago"))
    def by_year(self, shown):
        return growth(shown.value, shown.year_before)

    @admin.display(description=gettext_lazy("median of its level"), ordering="median")
    def median_shown(self, shown):
        return value_of(shown.indicator, shown.median)

    @admin.display(description=gettext_lazy("against the median"))
    def by_median(self, shown):
        return growth(shown.value, shown.median)

    @admin.display(description=gettext_lazy("state"))
    def standing(self, shown):
        if shown.value is None:
            return badge("draft", _("no data"))
        return (
            badge("failed", _("beyond its limit")) if shown.beyond else badge("done", _("within its limits"))
        )


def indicators_of_facility(request, facility) -> Panel | None:
    """The last months on record, newest first, each indicator in a column."""
    if not request.user.has_perm("monitoring.view_indicatorvalue"):
        return None
    months: dict = {}
    for one in facility.indicators.order_by("-month")[: MONTHS_SHOWN * len(Indicator)]:
        months.setdefault(one.month, {})[one.indicator] = one.value
    if not months:
        return None
    return Panel(
        title=_("Indicators"),
        columns={_("Month"): "text"} | {str(indicator.label): "number" for indicator in Indicator},
        rows=[
            (str(month), *(value_of(indicator, values.get(indicator)) for indicator in Indicator))
            for month, values in list(months.items())[:MONTHS_SHOWN]
        ],
        note=_("Visits that stand, at this facility; what is not on record is no data."),
    )


FacilityAdmin.panels.append(indicators_of_facility)
