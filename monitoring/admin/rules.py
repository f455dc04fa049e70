"""The rules of monitoring and the limits of indicators, which are the agency's own to set."""

from django.contrib import admin
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy
from unfold.contrib.filters.admin import ChoicesDropdownFilter

from monitoring.models import Against, IndicatorLimit, RuleSetting
from monitoring.models.indicator import SHARES
from monitoring.models.rule import FIGURES
from office.admin.records import RecordAdmin


@admin.register(RuleSetting)
class RuleSettingAdmin(RecordAdmin):
    list_display = ["rule", "applied", "figure_shown", "meaning"]
    fields = ["rule", "applied", "figure", "meaning"]
    readonly_fields = ["rule", "meaning"]
    sortable_by = ()
    panels = []

    def has_add_permission(self, request):
        return False

    @admin.display(description=pgettext_lazy("rule", "figure"))
    def figure_shown(self, setting):
        return "–" if setting.figure is None else setting.figure

    @admin.display(description=gettext_lazy("meaning of the figure"))
    def meaning(self, setting):
        return FIGURES.get(setting.rule, "–")


@admin.register(IndicatorLimit)
class IndicatorLimitAdmin(RecordAdmin):
    list_display = ["indicator", "level_shown", "against", "most", "first_month", "last_month"]
    list_filter = [("indicator", ChoicesDropdownFilter), ("level", ChoicesDropdownFilter)]
    fields = [("indicator", "level"), ("against", "figure"), ("first_month", "last_month")]
    sortable_by = ()
    panels = []

    @admin.display(description=gettext_lazy("level"))
    def level_shown(self, limit):
        return limit.get_level_display() or _("every level")

    @admin.display(description=gettext_lazy("at most"))
    def most(self, limit):
        figure = f"{limit.figure.normalize():f}"
        if limit.against != Against.FIGURE:
            return f"+{figure}%"
        return f"{figure}%" if limit.indicator in SHARES else figure
