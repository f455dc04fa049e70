"""The forms of a benefit trial: which year under which version, then that year's figures, to be changed."""

from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from office.admin.figure_form import can_be_entered, field_of, gathered, paths_of
from office.admin.rule_words import NAMES
from office.models import PolicyVersion
from office.policy import pack_of
from policies.node import PackError
from policies.otherwise import benefit_figures, entries_of
from policies.values import Value, check_figure


class ChoiceForm(forms.Form):
    """From which version to start, and whose year's visits to settle again."""

    policy = forms.ModelChoiceField(
        PolicyVersion.objects.none(),
        label=gettext_lazy("Starts from"),
        empty_label=None,
        widget=UnfoldAdminSelectWidget,
    )
    year = forms.TypedChoiceField(
        label=gettext_lazy("Visits of the year"), coerce=int, widget=UnfoldAdminSelectWidget
    )

    def __init__(self, data=None, *, versions, years: list[int], **kwargs):
        super().__init__(data, **kwargs)
        self.fields["policy"].queryset = versions
        self.fields["policy"].label_from_instance = lambda version: (
            f"{version} · {version.get_state_display()}"
        )
        self.fields["year"].choices = [(year, str(year)) for year in years]


class FiguresForm(forms.Form):
    """Every figure by which visits of the year are paid, as it is; what is changed holds for all of it."""

    name = forms.CharField(
        label=pgettext_lazy("benefit trial", "Name"),
        max_length=80,
        help_text=gettext_lazy("What is tried out, as it stands in the list."),
        widget=UnfoldAdminTextInputWidget,
    )

    def __init__(self, data=None, *, policy: PolicyVersion, year: int):
        super().__init__(data)
        self.year = year
        self.values = [
            value for value in benefit_figures(pack_of(policy), year=year) if can_be_entered(value)
        ]
        for value in self.values:
            now = self.now(value)
            for path in paths_of(value):
                field = field_of(value, path)
                field.required, field.initial = False, _at(now, path)
                self.fields[_name(value, path)] = field

    def now(self, value: Value) -> Any:
        """The figure at the end of the year; None where nobody has entered it."""
        return entries_of(value, year=self.year)[-1].figure

    @property
    def parts(self) -> list[tuple]:
        """Of each value its name, its article and the fields of its cells."""
        return [
            (
                NAMES.get(value.name, value.name),
                entries_of(value, year=self.year)[-1].article,
                [self[_name(value, path)] for path in paths_of(value)],
            )
            for value in self.values
        ]

    def clean(self):
        data = super().clean()
        if self.errors:
            return data
        figures = {}
        for value in self.values:
            names = {path: _name(value, path) for path in paths_of(value)}
            figure = gathered({path: data[name] for path, name in names.items()})
            figure = None if figure == {} else figure
            if figure == self.now(value):
                continue
            try:
                check_figure(figure, unit=value.unit, by=value.by, path="", complete=not value.parameter)
            except PackError:
                empty = next((name for name in names.values() if data[name] is None), None)
                said = _("Enter the figure.") if empty else _("The rules cannot hold this figure.")
                self.add_error(empty or names[next(iter(names))], said)
            else:
                figures[value.name] = figure
        if not figures and not self.errors:
            self.add_error(None, _("Change at least one figure."))
        data["figures"] = figures
        return data


def _name(value: Value, path: tuple) -> str:
    return "-".join([value.name, *map(str, path)])


def _at(figure: Any, path: tuple) -> Any:
    """The figure in a cell of the table; one figure may stand for all."""
    for key in path:
        if isinstance(figure, dict):
            figure = figure.get(key)
    return figure
