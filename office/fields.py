"""Columns the whole house shares: calendar months and money."""

from datetime import date

from django import forms
from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext_lazy as _

from policies.month import Month


class MonthFormField(forms.Field):
    """A month typed as YYYY-MM; browsers show their own month picker."""

    widget = forms.TextInput(attrs={"type": "month", "placeholder": "YYYY-MM"})

    def to_python(self, value):
        if value in self.empty_values:
            return None
        if isinstance(value, Month):
            return value
        try:
            return Month.parse(str(value).strip())
        except ValueError:
            raise ValidationError(_("Enter a month as YYYY-MM.")) from None

    def prepare_value(self, value):
        return str(value) if isinstance(value, Month) else value


class MonthField(models.DateField):
    """A Month, stored as its first day; pair it with `first_of_month` so that the database agrees."""

    def from_db_value(self, value, expression, connection):
        return None if value is None else Month.of(value)

    def to_python(self, value):
        if value is None or isinstance(value, Month):
            return value
        if isinstance(value, date):
            return Month.of(value)
        try:
            return Month.parse(str(value))
        except ValueError:
            raise ValidationError(_("Enter a month as YYYY-MM.")) from None

    def get_prep_value(self, value):
        value = self.to_python(value) if isinstance(value, str) else value
        return value.first_day if isinstance(value, Month) else value

    def value_to_string(self, obj):
        return str(self.value_from_object(obj) or "")

    def formfield(self, **kwargs):
        return models.Field.formfield(self, **{"form_class": MonthFormField, **kwargs})


def first_of_month(*fields: str, name: str) -> models.CheckConstraint:
    """The constraint that the named month columns hold first days only."""
    return models.CheckConstraint(condition=models.Q(**{f"{field}__day": 1 for field in fields}), name=name)


class MoneyField(models.DecimalField):
    """Yuan, exact to 0.01: `numeric(14,2)`."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **{"max_digits": 14, "decimal_places": 2, **kwargs})
