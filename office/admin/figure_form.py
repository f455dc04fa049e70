"""The form for a new figure of a value: its cells follow the shape of the value."""

from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.widgets import (
    UnfoldAdminDecimalFieldWidget,
    UnfoldAdminIntegerFieldWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextInputWidget,
)

from office.admin.records import MONTH_INPUT
from office.admin.rule_words import UNITS, WORDS
from office.fields import MonthFormField
from policies.entered import WITHOUT_SHAPE
from policies.values import DIMENSIONS, Value

SCALE_STEPS = 6
YES_NO = {"true": gettext_lazy("yes"), "false": gettext_lazy("no")}


def can_be_entered(value: Value) -> bool:
    """Whether the portal knows how the figure would look."""
    return value.name not in WITHOUT_SHAPE and (value.unit != "choice" or bool(value.choices))


class FigureForm(forms.Form):
    """From which month, by which source, and the figure, one field for each cell of its table."""

    first_month = MonthFormField(
        label=gettext_lazy("Holds from"), widget=UnfoldAdminTextInputWidget(attrs=MONTH_INPUT)
    )
    article = forms.CharField(label=gettext_lazy("Article"), max_length=20, widget=UnfoldAdminTextInputWidget)
    source = forms.CharField(
        label=gettext_lazy("Source"),
        max_length=200,
        widget=UnfoldAdminTextInputWidget,
        help_text=gettext_lazy("The notice that sets the figure: its name and number."),
    )

    def __init__(self, data=None, *, value: Value, **kwargs):
        entry = value.entries[-1]
        super().__init__(data, **kwargs)
        self.value = value
        self.fields["first_month"].initial = str(entry.start)[:7] if entry.figure is None else ""
        self.fields["article"].initial = entry.article
        self.paths = list(paths_of(value))
        for path in self.paths:
            self.fields[_name(path)] = field_of(value, path)

    @property
    def general(self) -> list:
        return [self[name] for name in ("first_month", "article", "source")]

    @property
    def cells(self) -> list:
        return [self[_name(path)] for path in self.paths]

    def clean(self):
        data = super().clean()
        if self.errors:
            return data
        if self.value.unit == "scale":
            data["figure"] = self._scale(data)
        else:
            data["figure"] = gathered({path: data[_name(path)] for path in self.paths})
        if data["figure"] in (None, {}, []):
            self.add_error(None, _("Enter the figure."))
        return data

    def _scale(self, data) -> list[dict]:
        steps = []
        for number in range(SCALE_STEPS):
            start, share = data[_name((number, "from"))], data[_name((number, "share"))]
            if (start is None) != (share is None):
                self.add_error(_name((number, "from")), _("A step wants both its score and its share."))
            elif start is not None:
                steps.append({"from": start, "share": share})
        return steps


def _name(path: tuple) -> str:
    return "-".join(["figure", *map(str, path)])


def paths_of(value: Value):
    """The cells of the value's table; free rows, by age or disease, are those of the figure so far."""
    if value.unit == "scale":
        yield from ((number, key) for number in range(SCALE_STEPS) for key in ("from", "share"))
        return
    known = next((entry.figure for entry in reversed(value.entries) if entry.figure is not None), None)
    yield from _rows(value.by, known if isinstance(known, dict) else {})


def _rows(by: tuple[str, ...], known: dict):
    if not by:
        yield ()
        return
    for key in DIMENSIONS[by[0]] or known:
        inner = known.get(key)
        for path in _rows(by[1:], inner if isinstance(inner, dict) else {}):
            yield (key, *path)


def gathered(cells: dict[tuple, Any]) -> Any:
    """The table of the cells that were filled in; the figure itself where there is but one."""
    if list(cells) == [()]:
        return cells[()]
    table: dict = {}
    for path, figure in cells.items():
        if figure is not None:
            inner = table
            for key in path[:-1]:
                inner = inner.setdefault(key, {})
            inner[path[-1]] = figure
    return table


def field_of(value: Value, path: tuple) -> forms.Field:
    # Rows of a parameter may be left out (they stay missing), and so may steps of a scale.
    required = not (value.parameter and path)
    label = " · ".join(row_in_words(key) for key in path) or _("Figure")
    unit = UNITS.get(value.unit, "")
    if value.unit == "scale":
        number, key = path
        label = _("Step %(number)s: score from") if key == "from" else _("Step %(number)s: share (%%)")
        label = label % {"number": number + 1}
    elif unit:
        label = f"{label} ({unit})"
    match value.unit:
        case "flag":
            return forms.TypedChoiceField(
                label=label,
                choices=list(YES_NO.items()),
                coerce=lambda text: text == "true",
                widget=UnfoldAdminSelectWidget,
            )
        case "choice":
            choices = [(choice, WORDS.get(choice, choice)) for choice in value.choices]
            return forms.ChoiceField(label=label, choices=choices, widget=UnfoldAdminSelectWidget)
        case "months":
            return forms.IntegerField(label=label, min_value=0, widget=UnfoldAdminIntegerFieldWidget)
        case "day":
            return forms.CharField(label=label, max_length=10, widget=UnfoldAdminTextInputWidget)
        case "list":
            return ListField(label=label, like=value.entries[-1].figure, widget=UnfoldAdminTextInputWidget)
    return forms.DecimalField(
        label=label,
        required=required,
        min_value=Decimal(0),
        max_value=Decimal(100) if value.unit in ("percent", "scale") else None,
        decimal_places=2 if value.unit == "yuan" else 4,
        widget=UnfoldAdminDecimalFieldWidget,
    )


def row_in_words(key) -> str:
    """A key of a figure's table."""
    return _("from %(age)s years on") % {"age": key} if isinstance(key, int) else str(WORDS.get(key, key))


class ListField(forms.CharField):
    """Items with commas between them; numbers where the list so far has numbers."""

    def __init__(self, *, like: list | None, **kwargs):
        super().__init__(**kwargs)
        self.numbers = bool(like) and all(isinstance(item, int) for item in like)
        self.initial = ", ".join(map(str, like or []))

    def to_python(self, value):
        items = [item.strip() for item in super().to_python(value).replace("，", ",").split(",")]
        items = [item for item in items if item]
        if self.numbers and not all(item.isascii() and item.isdigit() for item in items):
            raise forms.ValidationError(_("Enter whole numbers with commas between them."))
        return [int(item) for item in items] if self.numbers else items
