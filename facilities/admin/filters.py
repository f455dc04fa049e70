"""How the lists of this room are narrowed down."""

from django.utils import timezone
from django.utils.translation import gettext_lazy
from unfold.contrib.filters.admin import DropdownFilter

SHOWN_YEARS = 8


class Year(DropdownFilter):
    """The years of work, the next one first; `path` leads to the year of a record."""

    title = gettext_lazy("year")
    parameter_name = "year"
    path = "year"

    def lookups(self, request, model_admin):
        newest = timezone.localdate().year + 1
        return [(year, year) for year in range(newest, newest - SHOWN_YEARS, -1)]

    def queryset(self, request, queryset):
        chosen = self.value() or ""
        return queryset.filter(**{self.path: chosen}) if chosen.isdecimal() else queryset
