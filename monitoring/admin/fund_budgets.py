"""Budgets of the fund, by year and line, which the fund's page holds what was spent against."""

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy
from unfold.contrib.filters.admin import ChoicesDropdownFilter
from unfold.widgets import UnfoldAdminSelectWidget

from monitoring import fund
from monitoring.models import FundBudget
from office.admin.records import RecordAdmin
from office.policy import schemes_here
from office.scope import may_in_whole_city
from office.templatetags.figures import yuan


def _names() -> dict[str, str]:
    """Key of every line to its name, the income first."""
    return {key: name for side in (True, False) for name, key in fund.budgeted_lines(income=side).items()}


class FundBudgetForm(forms.ModelForm):
    def clean_year(self):
        year = self.cleaned_data["year"]
        if year < timezone.localdate().year:
            raise ValidationError(_("The year is over: its budget stays as it is."))
        return year


@admin.register(FundBudget)
class FundBudgetAdmin(RecordAdmin):
    """Who works for some counties has no budget to see: the fund is the whole city's."""

    empty_note = gettext_lazy("The year's budget of the fund is entered here, line by line.")
    form = FundBudgetForm
    list_display = ["year", "scheme", "line_shown", "yuan", "source"]
    list_display_links = ["year", "line_shown"]
    list_filter = [("scheme", ChoicesDropdownFilter)]
    search_fields = ["year__exact", "source__contains"]
    search_help_text = gettext_lazy("Year or source")
    sortable_by = ()
    exported = ("year", "scheme", "line_shown", "amount", "source")
    fields = [("scheme", "year"), ("line", "amount"), "source"]
    add_label = gettext_lazy("Enter a budget")
    panels = []

    def formfield_for_dbfield(self, db_field, request, **kwargs):
        field = super().formfield_for_dbfield(db_field, request, **kwargs)
        if db_field.name == "line":
            names = [("", "---------"), *_names().items()]
            return forms.ChoiceField(label=field.label, choices=names, widget=UnfoldAdminSelectWidget)
        if db_field.name == "scheme":
            here = ("", *schemes_here())
            field.choices = [choice for choice in field.choices if choice[0] in here]
        if db_field.name == "year":
            field.initial = timezone.localdate().year
        return field

    def has_view_permission(self, request, obj=None):
        return may_in_whole_city(request.user, "monitoring.view_fundbudget")

    def has_add_permission(self, request):
        return may_in_whole_city(request.user, "monitoring.add_fundbudget")

    def has_change_permission(self, request, obj=None):
        """Budgets of years that are over are only looked at."""
        over = obj is not None and obj.year < timezone.localdate().year
        return not over and may_in_whole_city(request.user, "monitoring.change_fundbudget")

    def get_readonly_fields(self, request, obj=None):
        return ["scheme", "year", "line_shown"] if obj else []

    def get_fields(self, request, obj=None):
        return [("scheme", "year"), ("line_shown", "amount"), "source"] if obj else self.fields

    @admin.display(description=pgettext_lazy("fund", "Line"))
    def line_shown(self, budget):
        return _names().get(budget.line, budget.line)

    @admin.display(description=gettext_lazy("Budget of the year"))
    def yuan(self, budget):
        return yuan(budget.amount)
